"""The resource that explains how amounts are read."""

from pathlib import Path
from typing import Final

from mcp.shared.uri_template import UriTemplate

from app.mcp.resources.spec import PublicResource, Variables

_TEXT: Final = (Path(__file__).parent / "quantities.md").read_text(encoding="utf-8")


def read_guide(variables: Variables) -> str:
    """Return the guide as markdown."""
    return _TEXT


GUIDE: Final = PublicResource(
    template=UriTemplate.parse("shopping://guide/quantities"),
    name="quantities",
    title="How amounts are read",
    description="Which lines such as `2 kg flour` are understood, and which lines are merged.",
    icon="guide",
    mime_type="text/markdown",
    read=read_guide,
)
