"""The page of the meal plan, a week at a time, and what its forms do."""
