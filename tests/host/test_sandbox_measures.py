"""The commands that measure the sandbox's page and take its picture, on little data."""

import pytest

from tests.host.boards import said
from tests.host.browser import require_browser
from tools import pictures
from tools.sandbox import measure


@pytest.fixture(autouse=True)
def browser():
    require_browser()


def test_the_measurement_prints_a_time_for_each_question_and_the_page():
    lines = said(measure.main, "--points", 2000, "--batches", 20, "--pins", 2).splitlines()
    assert lines[0].startswith("2000 points in 20 batches of 2 pins")
    assert len(lines) == 9
    assert all(line.endswith(" ms") for line in lines[1:])
    assert "page load until 2 charts are drawn" in lines[-1]


def test_the_picture_is_a_png_of_the_filled_page(tmp_path):
    picture = tmp_path / "folder" / "page.png"
    said(pictures.main, "dashboard", "--output", picture)
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(data[16:20], "big") == 1100
    assert len(data) > 30_000, "an empty page compresses to less"
