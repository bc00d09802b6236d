"""What do probes and Prometheus hear?"""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from rekognition_operator.controller.server import HealthServer, Readiness

READINESS_TEXT = "the API server does not serve ModerationAdapter"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[tuple[HealthServer, Readiness]]:
    readiness = Readiness(READINESS_TEXT)
    async with HealthServer("127.0.0.1", 0, readiness, lambda: b"metric 1\n") as running:
        yield running, readiness


async def ask(server: HealthServer, request: bytes) -> tuple[str, dict[str, str], str]:
    """Send raw bytes; return status line, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    writer.write_eof()
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), body


async def get(server: HealthServer, path: str) -> tuple[str, dict[str, str], str]:
    return await ask(server, f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: kube-probe/1.36\r\n\r\n".encode())


async def test_it_is_alive_before_it_is_ready_and_says_what_it_waits_for(
    server: tuple[HealthServer, Readiness],
) -> None:
    running, readiness = server
    assert (await get(running, "/healthz"))[0] == "HTTP/1.1 200 OK"
    status, _, body = await get(running, "/readyz")
    assert status == "HTTP/1.1 503 Service Unavailable"
    assert body == f"not ready: {READINESS_TEXT}\n"
    readiness.ready()
    assert (await get(running, "/readyz?verbose"))[0] == "HTTP/1.1 200 OK"


async def test_metrics_come_in_prometheus_text_format(server: tuple[HealthServer, Readiness]) -> None:
    status, headers, body = await get(server[0], "/metrics")
    assert status == "HTTP/1.1 200 OK"
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert headers["Content-Length"] == str(len(body))
    assert body == "metric 1\n"


async def test_head_has_no_body_and_other_requests_are_refused(server: tuple[HealthServer, Readiness]) -> None:
    running, _ = server
    status, headers, body = await ask(running, b"HEAD /metrics HTTP/1.1\r\n\r\n")
    assert (status, headers["Content-Length"], body) == ("HTTP/1.1 200 OK", "9", "")
    assert (await ask(running, b"POST /metrics HTTP/1.1\r\n\r\n"))[0] == "HTTP/1.1 405 Method Not Allowed"
    assert (await get(running, "/"))[0] == "HTTP/1.1 404 Not Found"


async def test_whoever_does_not_speak_http_does_no_harm(server: tuple[HealthServer, Readiness]) -> None:
    running, _ = server
    await ask(running, b"\x16\x03\x01" + b"x" * 20_000)
    await ask(running, b"")
    assert (await get(running, "/healthz"))[0] == "HTTP/1.1 200 OK"


async def test_what_a_new_start_would_mend_is_told_to_who_can_start_it_anew() -> None:
    ailments: list[str] = []
    ails = lambda: ailments[0] if ailments else None  # noqa: E731
    async with HealthServer("127.0.0.1", 0, Readiness(), lambda: b"", ails) as running:
        assert (await get(running, "/healthz"))[0] == "HTTP/1.1 200 OK"
        ailments.append("the watch is behind")
        status, _, body = await get(running, "/healthz")
    assert (status, body) == ("HTTP/1.1 503 Service Unavailable", "not alive: the watch is behind\n")
