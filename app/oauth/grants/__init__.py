"""Grants: what a person approved for a client, and how it is revoked."""
