"""How does a test look at a page as a browser shows it? Chromium without a window, by its DevTools protocol."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL_SECONDS = 900
START_SECONDS = 120
ANSWER_SECONDS = 120


def find_chromium() -> str | None:
    """Return the browser's program, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def install_chromium() -> str | None:
    """Install Debian's browser where that is possible; return why it is not."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return "no chromium on PATH, and none can be installed: that needs root and apt-get"
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run(
            [apt, "-q", *arguments],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_SECONDS,
        )
        if done.returncode != 0:
            return f"no chromium on PATH, and apt-get {arguments[0]} failed: {done.stderr[-300:]}"
    return None


@dataclass
class Tab:
    """A page in the browser. ``complaints``: errors that it wrote to the console, or that the browser logged."""

    socket: aiohttp.ClientWebSocketResponse
    complaints: list[str] = field(default_factory=list)
    _events: list[str] = field(default_factory=list)
    _last: int = 0

    async def open(self, page: Path, *, width: int) -> None:
        """Show a file on a screen so wide; return when it has loaded."""
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=740, deviceScaleFactor=1, mobile=True)
        self._events.clear()
        await self.call("Page.navigate", url=page.as_uri())
        async with asyncio.timeout(ANSWER_SECONDS):
            while "Page.loadEventFired" not in self._events:
                self._note(await self.socket.receive_json())

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Make a call, and return its result."""
        self._last += 1
        await self.socket.send_json({"id": self._last, "method": method, "params": parameters})
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                message = await self.socket.receive_json()
                if message.get("id") == self._last:
                    assert "error" not in message, message
                    return dict(message["result"])
                self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = str(message.get("method")), message.get("params", {})
        self._events.append(method)
        entry = parameters.get("entry", parameters)
        if method == "Runtime.exceptionThrown" or (
            method in {"Runtime.consoleAPICalled", "Log.entryAdded"}
            and (entry.get("type") == "error" or entry.get("level") == "error")
        ):
            self.complaints.append(json.dumps(parameters))


@asynccontextmanager
async def browser(program: str, directory: Path) -> AsyncIterator[Tab]:
    """Start a browser of our own, which listens on a loopback port, and end it."""
    options = [
        "--headless",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--remote-debugging-port=0",
        f"--user-data-dir={directory / 'profile'}",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    process = await asyncio.create_subprocess_exec(
        program,
        *options,
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(directory)},
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        port = await _port(process.stderr)
        words = asyncio.create_task(process.stderr.read())  # so that it never waits for a reader
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                tab = next(found for found in await answer.json() if found["type"] == "page")
            # A PDF is one message.
            async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket)
        words.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _port(words: asyncio.StreamReader) -> int:
    """Return the port that the browser has chosen, once it says so."""
    said: list[str] = []
    try:
        async with asyncio.timeout(START_SECONDS):
            while line := (await words.readline()).decode(errors="replace"):
                said.append(line)
                found = re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line)
                if found is not None:
                    return int(found.group(1))
    except TimeoutError:
        pass
    raise AssertionError(f"chromium does not listen. It said: {''.join(said)[-2000:]}")
