WITH context AS MATERIALIZED (SELECT set_config('app.household_id', $1::uuid::text, true))
SELECT id FROM lists WHERE (SELECT true FROM context) AND household_id = $1::uuid ORDER BY no LIMIT 1
