"""The style sheet and whatever else pages load."""

from pathlib import Path
from typing import Final

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

DIRECTORY: Final = Path(__file__).parent / "static"


def static_files() -> Mount:
    """The route `/static`. Its files are public and hold nothing of anyone's."""
    return Mount("/static", StaticFiles(directory=DIRECTORY), name="static")
