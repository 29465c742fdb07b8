"""Pages as a person sees them: headless Chromium, and servers on loopback."""

import os
import re
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Everything that would look for a network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
VIEWS: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    (1500, "light"),
    (1500, "dark"),
    (400, "light"),
    (400, "dark"),
)
TIMEOUT_MS = 60_000
expect.set_options(timeout=TIMEOUT_MS)


@contextmanager
def open_page(offline: bool = False, width: int = 1500, dark: bool = False) -> Iterator[Page]:
    """An empty page; the test is skipped where there is no Chromium.

    Args:
        width: of the window, in pixels.
        dark: whether the reader asks for dark pages.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(
            offline=offline,
            viewport={"width": width, "height": 1000},
            color_scheme="dark" if dark else "light",
        )
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        yield page
        browser.close()


def look(page: Page, name: str, full_page: bool = False) -> None:
    """Keep a picture of the page where a person asked for it."""
    if shots := os.environ.get("SCREENSHOTS"):
        page.wait_for_timeout(2_000)
        page.screenshot(path=Path(shots) / f"{name}.png", full_page=full_page)


def assert_fits(page: Page, name: str) -> None:
    """Wide and narrow, nothing scrolls sideways, and the colours are those that a reader asks for.

    Args:
        name: of the pictures that ``look`` keeps.
    """
    for width, scheme in VIEWS:
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        channels = [int(number) for number in re.findall(r"\d+", background)]
        assert (max(channels) < 60) if scheme == "dark" else (min(channels) > 200)
        look(page, f"{name}_{width}_{scheme}", full_page=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.25)
        else:
            return
    raise AssertionError(f"{url} did not answer")
