"""Icons of the server, its resources and its prompts (MCP specification, icons)."""

from dataclasses import dataclass
from typing import Final

from mcp_types import Icon

SIZE: Final = "96x96"
"""Pixels of the PNG files, the one format besides JPEG that every client has to show."""

LARGE: Final = "512x512"
"""The same of the service's own icon, which phones and directories show as well."""


@dataclass(frozen=True, slots=True)
class Icons:
    """The public files below `public_url` that clients show; they are in `app/ui/static`."""

    public_url: str

    def of_server(self) -> list[Icon]:
        """Return the icon of the service, in two formats."""
        drawing = Icon(src=f"{self.public_url}/static/icon.svg", mime_type="image/svg+xml", sizes=["any"])
        return [self._png("icon", LARGE), drawing]

    def of(self, name: str) -> list[Icon]:
        """Return the icon of a resource or a prompt, by the name of its file."""
        return [self._png(f"icons/{name}")]

    def _png(self, name: str, size: str = SIZE) -> Icon:
        return Icon(src=f"{self.public_url}/static/{name}.png", mime_type="image/png", sizes=[size])
