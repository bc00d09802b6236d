"""Is the page whole in a browser: on a phone, and on paper?"""

import base64
from pathlib import Path

import pytest

from component.report.browser import browser, find_chromium, install_chromium
from rekognition_operator.report.page import render
from unit.report.pages import adapter_page

PHONE_WIDTH = 360


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give a browser: the one on PATH, else Debian's, which is installed where that is possible."""
    if find_chromium() is None:
        problem = install_chromium()
        if problem is not None:
            pytest.skip(problem)
    program = find_chromium()
    assert program is not None
    return program


async def test_the_page_is_whole_on_a_phone_and_on_paper(chromium: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(adapter_page()), encoding="utf-8")
    async with browser(chromium, tmp_path) as tab:
        await tab.open(file, width=PHONE_WIDTH)

        assert await tab.evaluate("Array.from(document.querySelectorAll('main > section'), s => s.id)") == [
            "state",
            "comparison",
            "labels",
            "threshold",
            "versions",
        ]
        assert await tab.evaluate("innerWidth") == PHONE_WIDTH
        assert await tab.evaluate("document.documentElement.scrollWidth") == PHONE_WIDTH
        drawn = "Array.from(document.querySelectorAll('svg'), s => s.getBoundingClientRect())"
        boxes = await tab.evaluate(f"{drawn}.map(b => [b.left, b.right, b.height])")
        assert len(boxes) == 6
        assert all(left >= 0 and right <= PHONE_WIDTH and height > 100 for left, right, height in boxes)

        printed = base64.b64decode((await tab.call("Page.printToPDF"))["data"])
        assert printed.startswith(b"%PDF")
        assert 2 <= printed.count(b"/Type /Page\n") <= 10
        assert tab.complaints == []
