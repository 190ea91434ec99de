WITH context AS MATERIALIZED (SELECT set_config('app.household_id', $1::uuid::text, true))
UPDATE items SET amount = amount + $4::numeric
WHERE (SELECT true FROM context)
  AND household_id = $1::uuid AND list_id = $2::uuid AND name_key = $3::text AND deleted_at IS NULL
RETURNING no, name
