"""The page of what a household spent: by month, store, category and person, as drawings and tables."""
