"""Recipes and the meal plan, as a household keeps them; `app.lists` puts them on lists.

A recipe comes from lines (`parsing`), a pasted text (`pasted`), the JSON-LD of a page (`json_ld`), or the page itself
(`web_page`, which reads it in a process of its own, `scrape_page`). `scaling` calculates amounts, `resolve_recipe`
finds the one that is meant, and the repositories have the SQL.
"""
