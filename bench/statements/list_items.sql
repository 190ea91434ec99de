WITH context AS MATERIALIZED (SELECT set_config('app.household_id', $1::uuid::text, true))
SELECT no, name, amount, unit, category, note, store, assignee_id, priority FROM items
WHERE (SELECT true FROM context)
  AND household_id = $1::uuid AND list_id = $2::uuid AND checked_at IS NULL AND deleted_at IS NULL
ORDER BY position LIMIT 101
