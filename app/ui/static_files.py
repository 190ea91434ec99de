"""The files that pages load: public, the same for everyone, and kept by browsers until they change."""

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Final

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.ui.security_headers import ANYWHERE

STATIC_FILES: Final = Path(__file__).parent / "static"

_KEPT: Final = "public, max-age=31536000, immutable"
_ASKED_AGAIN: Final = "public, max-age=3600"


@cache
def version_of(name: str) -> str:
    """Return what tells this content of a file from others; addresses of files carry it as the parameter `v`."""
    return hashlib.sha256((STATIC_FILES / name).read_bytes()).hexdigest()[:12]


def static_address(public_path: str, name: str) -> str:
    """Return the address of a static file. It changes with the file, so that browsers may keep it."""
    return f"{public_path}/static/{name}?v={version_of(name)}"


def static_files() -> Mount:
    """Return the route `/static`."""
    return Mount("/static", _KeptFiles(directory=STATIC_FILES), name="static")


class _KeptFiles(StaticFiles):
    """Files that a browser that names their version keeps for good (RFC 8246)."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        name = Path(full_path).relative_to(STATIC_FILES.resolve()).as_posix()
        is_current = QueryParams(scope["query_string"]).get("v") == version_of(name)
        response.headers["Cache-Control"] = _KEPT if is_current else _ASKED_AGAIN
        response.headers[ANYWHERE[0]] = ANYWHERE[1]
        return response
