"""Exit status 0 when the service on this machine answers; for containers, which have no curl."""

import http.client
import os
import sys

# Not urllib: it would ask the proxy that HTTP_PROXY may name.
connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=4)
try:
    connection.request("GET", "/healthz")
    sys.exit(connection.getresponse().status != 200)
except OSError as error:
    sys.exit(f"no answer: {error}")
