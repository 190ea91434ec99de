SELECT household_id FROM grant_households WHERE grant_id = $1::uuid AND is_default
