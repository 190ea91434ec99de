"""Apps: what they are registered with or described by, and how they prove who they are."""
