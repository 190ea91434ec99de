"""The account that PostgreSQL runs as: our own, or an unprivileged one when the service runs as root."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.db.embedded.programs import ENVIRONMENT
from app.errors import StartupError

if sys.platform != "win32":
    import pwd

ROOT: Final = 0

# PostgreSQL refuses to be root, and an unprivileged account may not be let through to its programs or its data:
# a checkout below /root, a virtual environment made under umask 077. Of the ways out, opening those directories
# to everyone weakens the machine, and keeping the data elsewhere breaks the promise that it is in DATA_DIR. So
# PostgreSQL gets one capability, the first of these that suffices; mostly it is none. The first only reads past
# permissions, but containers rarely have it; the second is in the default set of Docker and Podman. The service
# itself is root here, so this gives away nothing that an intruder in the service would not have.
CAPABILITIES: Final = ("", "dac_read_search", "dac_override")


@dataclass(frozen=True, slots=True)
class Account:
    """Who owns the data directory, and what to put before a command line to run it as that account."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def own(self, path: Path) -> None:
        """Give `path` to the account."""
        if self.prefix:
            os.chown(path, self.uid, self.gid)


def choose_account(data_dir: Path, programs: Path) -> Account:
    """The account for the server with its data in `data_dir`/pg and its binaries in `programs`.

    Raises `StartupError` when the service is root and no other account can reach both.
    """
    if os.geteuid() != ROOT:
        return Account(os.geteuid(), os.getegid())
    setpriv = shutil.which("setpriv", path=os.defpath)
    if setpriv is not None:
        uid, gid = _unprivileged_ids(data_dir / "pg")
        for capability in CAPABILITIES:
            account = Account(uid, gid, _prefix(setpriv, uid, gid, capability))
            if _reaches(account, data_dir, programs):
                return account
    raise StartupError(
        "PostgreSQL can't run as root, and no other account can use DATA_DIR: "
        "start the service as an ordinary user, or set DATABASE_URL"
    )


def _unprivileged_ids(pg_dir: Path) -> tuple[int, int]:
    # The owner of the data goes first: an account named postgres may have been added since.
    if pg_dir.exists() and (owner := pg_dir.stat()).st_uid != ROOT:
        return owner.st_uid, owner.st_gid
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return user.pw_uid, user.pw_gid
    raise StartupError("PostgreSQL can't run as root, and there is no account named postgres or nobody to run it as")


def _prefix(setpriv: str, uid: int, gid: int, capability: str) -> tuple[str, ...]:
    drop = (setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    if not capability:
        return drop
    # PostgreSQL asks access(2) about its programs, which leaves capabilities out of account unless told so.
    return (*drop, f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}", "--securebits=+no_setuid_fixup")


def _reaches(account: Account, data_dir: Path, programs: Path) -> bool:
    """Tried, not computed: access lists and mount options have a say too."""
    # pg_config looks for itself in the way that the server does, and needs nothing else.
    attempt = (*account.prefix, "env", f"--chdir={data_dir}", programs / "pg_config", "--sharedir")
    return subprocess.run(attempt, env=ENVIRONMENT, capture_output=True, check=False).returncode == 0
