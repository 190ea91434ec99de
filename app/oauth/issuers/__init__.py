"""Other issuers: their keys, their people, and signing in with one of them."""
