"""`python -m app`."""

import sys

try:
    from app.cli import main
except ModuleNotFoundError as error:
    # Its dependencies are where `make run` has put them, not in the Python of the system.
    print(f"shopping-list-mcp: {error}; run it as `.venv/bin/python -m app`, after `make run`", file=sys.stderr)
    sys.exit(2)

sys.exit(main())
