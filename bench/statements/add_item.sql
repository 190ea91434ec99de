-- One statement is one round trip and a transaction of its own, so the tenant context has to be set inside it: by a
-- part that is never inlined, and that the rest has to wait for.
WITH context AS MATERIALIZED (SELECT set_config('app.household_id', $1::uuid::text, true))
INSERT INTO items (household_id, id, list_id, no, name, name_key, measure, amount, unit, position, rev)
SELECT $1::uuid, $2::uuid, $3::uuid, $4::integer, $5::text, $5::text, $6::text, $7::numeric, $8::text,
       $4::integer::bigint << 20, 1
FROM context
RETURNING no, name
