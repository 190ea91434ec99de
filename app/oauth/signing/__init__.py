"""The keys that sign access tokens, and keys as others publish them."""
