"""`python -m tests.oidc_provider`: serves on a free port of 127.0.0.1, which it writes to stdout, until stdin ends."""

import os
import signal
import socket
import sys
import threading

import uvicorn

from tests.oidc_provider.app import create_provider


def end_with_stdin() -> None:
    """Stop when the process of the tests is gone, however it ended."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=end_with_stdin, daemon=True).start()
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
print(port, flush=True)
uvicorn.Server(uvicorn.Config(create_provider(f"http://127.0.0.1:{port}"), log_level="warning")).run([listener])
