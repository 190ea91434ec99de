"""The configuration files of desktop apps, and the entry in them that starts `python -m app stdio`."""

import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from platformdirs import user_config_path

from app.errors import Conflict
from app.settings import Settings

ROOT: Final = Path(__file__).parents[2]
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DesktopHost:
    """An app: its name, its configuration file, and the member of it that holds the servers by name."""

    title: str
    file: Callable[[], Path]
    servers: str = "mcpServers"
    names_type: bool = False
    """Whether an entry says by `type` how the server is reached."""


def _application_data(app: str, file: str) -> Path:
    return user_config_path(app, False, roaming=True) / file


HOSTS: Final[Mapping[str, DesktopHost]] = {
    "claude-desktop": DesktopHost("Claude Desktop", lambda: _application_data("Claude", "claude_desktop_config.json")),
    "cursor": DesktopHost("Cursor", lambda: Path("~/.cursor/mcp.json").expanduser()),
    "vscode": DesktopHost("VS Code", lambda: _application_data("Code", "User/mcp.json"), "servers", names_type=True),
}


def show(host: DesktopHost, settings: Settings, options: Sequence[str], name: str, file: str | None) -> None:
    """Print what belongs into the configuration, and on stderr where that is."""
    print(_as_text(host, name, _entry(host, settings, options)))
    print(f"This belongs into {_path(host, file)}.", file=sys.stderr)


def install(host: DesktopHost, settings: Settings, options: Sequence[str], name: str, file: str | None) -> None:
    """Add the entry to the configuration; everything else in it stays, and the file as it was is kept beside it.

    Raises `Conflict` if that is not possible without loss: then nothing was changed, and the message has the entry.
    """
    path = _path(host, file)
    entry = _entry(host, settings, options)
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError):
        raise _refusal(host, path, name, entry, "can't be read as text") from None
    configuration = {} if before is None or not before.strip() else _parse(before)
    servers = None if configuration is None else configuration.setdefault(host.servers, {})
    if configuration is None or not isinstance(servers, dict):
        reason = "has comments, or is not what this command expects, so it was left as it is"
        raise _refusal(host, path, name, entry, reason)
    known = cast("dict[str, object]", servers)
    if known.get(name) == entry:
        print(f"{path} has it already.")
        return
    if name in known and not _is_ours(known[name]):
        raise Conflict(f"{path} has another server with the name {name}; choose a name for this one: --name NAME")
    known[name] = entry
    try:
        kept = _write(path, json.dumps(configuration, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    except (OSError, ValueError):
        raise _refusal(host, path, name, entry, "can't be written") from None
    print(f"Added {name} to {path}." + (f" The file as it was: {kept}." if kept else ""))
    print(f"Restart {host.title}, which then starts this server by itself.")


def _path(host: DesktopHost, file: str | None) -> Path:
    # Behind a symbolic link it is the file itself that is replaced.
    return Path(os.path.realpath(host.file() if file is None else file))


def _entry(host: DesktopHost, settings: Settings, options: Sequence[str]) -> Entry:
    """Return what starts the server from any directory and with any environment.

    `-P`, because the app may start it in a directory that has an `app` of its own; `--directory`, because that may
    have a `.env` of its own.
    """
    return {
        **({"type": "stdio"} if host.names_type else {}),
        "command": sys.executable,
        "args": ["-P", "-m", "app", "--directory", str(Path.cwd()), "stdio", *options],
        "env": {"PYTHONPATH": str(ROOT), "DATA_DIR": str(settings.data_dir.absolute())},
    }


def _is_ours(entry: object) -> bool:
    arguments = cast("Mapping[str, object]", entry).get("args") if isinstance(entry, Mapping) else None
    return isinstance(arguments, list) and {"app", "stdio"} <= {str(each) for each in cast("list[object]", arguments)}


def _as_text(host: DesktopHost, name: str, entry: Entry) -> str:
    return json.dumps({host.servers: {name: entry}}, indent=2, ensure_ascii=False)


def _refusal(host: DesktopHost, path: Path, name: str, entry: Entry, reason: str) -> Conflict:
    pasted = _as_text(host, name, entry)
    return Conflict(f"{path} {reason}. Nothing was changed. Put this into it yourself:\n{pasted}")


def _parse(text: str) -> dict[str, Any] | None:
    """Return the object that a JSON text holds; None for anything that could not be written again without loss."""

    def without_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name appears twice")
        return found

    try:
        found = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=without_repeated)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _write(path: Path, text: str) -> Path | None:
    """Replace the file in one step, with the same owner and permissions; return where the old one is kept, if there was
    one. A new file, and the directories around it, belong to whom the directory belongs that was there before."""
    there = _make_directories(path.parent)
    kept = None
    descriptor, fresh = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            before = path.stat() if path.exists() else None
            if sys.platform != "win32":
                # By the descriptor: who may write in the directory could put a link to another file there.
                owner = before or there
                if owner.st_uid != os.geteuid():
                    os.fchown(descriptor, owner.st_uid, owner.st_gid)
                if before is not None:
                    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
            os.fsync(descriptor)
        if before is not None:
            kept = path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.bak")
            os.link(path, kept)  # the old file itself: nothing is copied
        os.replace(fresh, path)
    except BaseException:
        os.unlink(fresh)
        raise
    return kept


def _make_directories(path: Path) -> os.stat_result:
    """Make a directory and those above it; return the state of the nearest one that was there before."""
    if path.exists():
        return path.stat()
    owner = _make_directories(path.parent)
    path.mkdir(exist_ok=True)
    if sys.platform != "win32" and owner.st_uid != os.geteuid():
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    return owner
