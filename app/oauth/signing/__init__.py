"""The keys that sign access tokens, and the public keys of others."""
