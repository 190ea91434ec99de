"""The page of who has access to a person's account: connected apps, API keys, and browsers that are signed in.

`page` shows it; `forms` are what ends something there, and `api_keys` is the form that makes a key.
"""
