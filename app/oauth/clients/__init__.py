"""OAuth clients: registration, metadata documents, keys and authentication."""
