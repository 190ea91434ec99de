"""The page of what happened in a household: by day, by person and by app, with a button that undoes each change."""
