"""The same over real connections to the running service."""

import anyio
import httpx
import pytest

from tests.oauth.tokens import approved_code, redeem, refresh, tokens_for
from tests.service import Service

pytestmark = pytest.mark.anyio


@pytest.mark.proves("rs-token-secret")
@pytest.mark.processes
async def test_a_client_logs_in_and_its_secrets_are_not_in_the_log(service: Service) -> None:
    async with httpx.AsyncClient() as http:
        tokens = await tokens_for(http, service.url, "anna@example.org")
        renewed = await refresh(http, service.url, tokens["client_id"], tokens["refresh_token"])
        assert renewed.status_code == 200
        http.cookies.clear()
        attempt, code = await approved_code(http, service.url, "bert@example.org")
        answers: list[int] = []

        async def one() -> None:
            answers.append((await redeem(http, attempt, code)).status_code)

        async with anyio.create_task_group() as tasks:
            for _ in range(16):
                tasks.start_soon(one)
        assert sorted(answers) == [200] + [400] * 15
        cookie = http.cookies["shopping_session"]
    service.stop()
    log = "".join(service.log)
    for secret in (code, attempt.verifier, cookie, tokens["access_token"], tokens["refresh_token"], attempt.state):
        assert secret not in log
    assert "correct horse" not in log
    assert "Traceback" not in log


@pytest.mark.proves("li-body")
@pytest.mark.processes
async def test_a_body_without_end_is_refused_early(service: Service) -> None:
    with anyio.fail_after(20):
        async with await anyio.connect_tcp("127.0.0.1", int(service.url.rpartition(":")[2])) as stream:
            head = "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            await stream.send((head + "Content-Type: application/x-www-form-urlencoded\r\n\r\n").encode())
            for _ in range(17):
                await stream.send(b"1000\r\n" + b"a" * 4096 + b"\r\n")
            answer = await stream.receive()
    assert answer.startswith(b"HTTP/1.1 413 ")
