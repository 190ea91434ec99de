"""Logs tell what happened, and nothing of what people buy or who they are."""

import json
import os
import subprocess
import sys
from datetime import datetime

import httpx
import pytest

from app.db import Engine
from app.runtime.request_log import REQUEST_LINES
from app.settings import Settings
from tests.factory import Factory
from tests.mcp.client import McpClient
from tests.service import environment_of, start

pytestmark = pytest.mark.anyio

ITEM, NOTE = "very-private-item", "very-private-note"
PASSWORD, CODE = "very-private-password", "very-private-code"


@pytest.mark.proves("""rs-token-secret MUST RFC 9700 §4.9.3; MCP security-considerations (Token Theft)
    Tokens are treated as secrets: not logged, not stored in the clear.
    Here: No header or query is logged; codes, tokens and cookies are stored as hashes.""")
async def test_nothing_private_is_in_the_log_at_any_level(settings: Settings, engine: Engine) -> None:
    ada = await Factory(engine, settings).connected("Ada")
    service = start({**environment_of(settings), "LOG_LEVEL": "debug"}, settings.public_url)
    service.wait_until_started()
    try:
        async with httpx.AsyncClient(base_url=service.url) as http:
            for era in ("2026-07-28", "2025-11-25"):
                client = McpClient(http, ada.token, era)
                await client.call("add_items", items=[ITEM, {"name": ITEM, "note": NOTE}, ITEM + "\0"])
                await client.call("list_items", query=ITEM)
                await client.refusal("list_items", list=ITEM)
                await client.send("tools/call", {"name": ITEM, "arguments": {ITEM: NOTE}})
            await http.get("/oauth/authorize", params={"code": CODE, "state": CODE})
            await http.post("/oauth/token", data={"grant_type": "authorization_code", "code": CODE, "client_id": "x"})
            await http.post("/oauth/sign-in", data={"email": "ada@example.org", "password": PASSWORD})
            response = await client.send("tools/list")
    finally:
        assert service.stop() == 0
    log = "".join(service.log)
    for secret in (ITEM, NOTE, PASSWORD, CODE, ada.token, ada.token.rpartition(".")[2], "ada@example.org"):
        assert secret not in log
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() not in log
    lines = [json.loads(line) for line in service.log if line.startswith("{")]
    mine = [line for line in lines if line.get("request_id") == response.headers["x-request-id"]]
    request = next(line for line in mine if line["event"] == "request")
    assert (request["method"], request["path"], request["status"]) == ("POST", "/mcp", 200)


def test_a_traceback_names_kinds_and_places_and_no_values() -> None:
    script = """
import structlog
from app.runtime.logging import configure_logging
configure_logging("info")
import logging
log = structlog.stdlib.get_logger("app.test")
def fail(secret):
    try:
        raise ValueError(secret)
    except ValueError as error:
        raise RuntimeError(secret + " again") from error
try:
    fail("very-private-value")
except RuntimeError:
    log.exception("failed")
    logging.getLogger("third.party").exception("also failed")
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=os.environ, check=True)
    assert "very-private-value" not in run.stderr
    first, second = [json.loads(line) for line in run.stderr.splitlines()]
    for line in (first, second):
        assert line["traceback"][0] == "builtins.ValueError"
        assert any("fail" in place for place in line["traceback"])
    assert (first["event"], second["event"]) == ("failed", "also failed")


def test_the_line_of_a_request_is_one_line_of_json_whatever_was_asked_for() -> None:
    script = """
import logging
from app.runtime.logging import configure_logging
from app.runtime.request_log import REQUEST_LINES
configure_logging("info")
logging.getLogger(REQUEST_LINES).info("%s %s: %d in %.1f ms", "GET", '/"\\n\\ud834{é', 404, 1.5)
configure_logging("warning")
logging.getLogger(REQUEST_LINES).info("%s %s: %d in %.1f ms", "GET", "/unheard", 404, 1.5)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    (line,) = ended.stderr.splitlines()
    fields = json.loads(line)
    assert datetime.fromisoformat(fields.pop("timestamp")).tzinfo is not None
    assert fields == {
        "method": "GET",
        "path": '/"\n\ud834{é',
        "status": 404,
        "ms": 1.5,
        "event": "request",
        "level": "info",
        "logger": REQUEST_LINES,
        "request_id": "-",
    }
