"""People, how they prove who they are, and their browser sessions."""
