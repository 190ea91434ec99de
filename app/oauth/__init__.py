"""The embedded authorization server (OAuth 2.1): clients, consent, codes, tokens, keys."""
