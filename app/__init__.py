"""shopping-list-mcp: shared shopping lists for every assistant of a household."""

VERSION = "0.1.0"
