"""`python -m tests.conformance`: run MCP's conformance tool against the service, and write docs/conformance.md.

Prints what the tool says. The exit status is 0 when everything ended as expected, and as the page said before.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from tests.conformance.page import PAGE, render_page
from tests.conformance.product_mode import check_product
from tests.conformance.server_mode import check_server
from tests.conformance.tool import check_authorization_server, install_tool
from tests.journeys.product import Product
from tests.npm import NotInstalled


def main() -> int:
    """Run the tool, print what it says, and return the exit status."""
    with TemporaryDirectory(prefix="shopping-conformance-") as name:
        directory = Path(name)
        print("Installing the conformance tool ...", file=sys.stderr)
        try:
            program = install_tool(directory)
        except NotInstalled as error:
            print(error, file=sys.stderr)
            return 1
        with Product(directory / "data") as product:
            product.start()
            authorization = check_authorization_server(program, product.url, directory / "results")
            servers = anyio.run(check_server, program, product.settings(), directory / "server")
            products = anyio.run(check_product, program, product.settings(), directory / "product")
    print(authorization.report)
    for outcome in (*servers, *products):
        print(outcome.report)
    complaints = [line for outcome in (*servers, *products) for line in outcome.complaints]
    if complaints or not authorization.is_as_expected:
        print("Not everything ended as expected:", *complaints, sep="\n", file=sys.stderr)
        return 1
    page = render_page(servers, products)
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page:
        return 0
    PAGE.write_text(page, encoding="utf-8")
    print(f"docs/{PAGE.name} was out of date, and was written anew. Look at it and commit it.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
