"""`python -m tests.conformance`: start the service, run MCP's conformance tool against its authorization server.

Prints what the tool says. The exit status is 0 when every check ended as expected.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conformance.tool import check_authorization_server, install
from tests.journeys.product import Product


def main() -> int:
    """The program."""
    with TemporaryDirectory(prefix="shopping-conformance-") as name:
        directory = Path(name)
        print("Installing the conformance tool ...", file=sys.stderr)
        program = install(directory)
        with Product(directory / "data") as product:
            product.start()
            outcome = check_authorization_server(program, product.url, directory / "results")
    print(outcome.report)
    return 0 if outcome.is_as_expected else 1


if __name__ == "__main__":
    raise SystemExit(main())
