"""The screen in a browser: on this machine, for its own page only."""

import asyncio
import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def a_free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(**environment):
    port = a_free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench", "serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | environment,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("localhost", port), 0.2).close()
                break
            except OSError:
                assert process.poll() is None, process.stdout
                assert time.monotonic() < deadline
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        assert process.stdout
        process.stdout.close()


async def the_text(port, origin, wanted, patience=30.0):
    """What the app sends until the text has come; the width and height are in the address, as the page does it."""
    seen = b""
    async with aiohttp.ClientSession() as session, asyncio.timeout(patience):
        address = f"http://localhost:{port}/ws?width=100&height=30"
        async with session.ws_connect(address, headers={"Origin": origin}) as socket_:
            await socket_.send_json(["resize", {"width": 100, "height": 30}])
            async for message in socket_:
                seen += message.data if isinstance(message.data, bytes) else b""
                if wanted in seen:
                    return seen
    return seen


def test_the_app_comes_up_in_its_own_page():
    with serving() as port:
        assert b"straddles" in asyncio.run(the_text(port, f"http://localhost:{port}", b"straddles"))


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
def test_a_page_from_elsewhere_is_refused(origin):
    with serving() as port, pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        asyncio.run(the_text(port, origin, b"straddles", 5))


def test_a_port_in_use_is_told():
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "workbench", "serve", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert f"--port {port}" in done.stderr


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
def test_a_real_browser_shows_it(tmp_path):
    with serving() as port:
        command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1000,700"]
        command += [f"--user-data-dir={tmp_path}", "--remote-debugging-port=0", f"http://localhost:{port}"]
        browser = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            picture = asyncio.run(a_picture(the_devtools(browser), 40_000))  # without the app 9,000
        finally:
            browser.terminate()
            browser.communicate(timeout=20)
    if folder := os.environ.get("PICTURES"):
        (Path(folder) / "serve.png").write_bytes(picture)


def the_devtools(browser):
    """The address at which the browser takes commands."""
    for line in browser.stderr:
        if found := re.search(rb"ws://([\d.:]+)/", line):
            return found[1].decode()
    raise AssertionError("the browser did not start")


async def a_picture(devtools, size):
    """A picture of the page, taken again until there is so much on it."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(40):
        async with session.get(f"http://{devtools}/json") as answer:
            [page] = [each for each in await answer.json() if each["type"] == "page"]
        async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket_:
            while True:
                await socket_.send_json({"id": 1, "method": "Page.captureScreenshot"})
                answer = await socket_.receive_json()
                picture = base64.b64decode(answer["result"]["data"])
                if len(picture) > size:
                    return picture
                await asyncio.sleep(0.2)
