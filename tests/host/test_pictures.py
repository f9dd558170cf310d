"""The command that takes the picture of the sandbox's page."""

import subprocess
import sys
from pathlib import Path

from tests.host.browser import require_browser

ROOT = Path(__file__).resolve().parents[2]


def test_the_picture_is_a_png_of_the_filled_page(tmp_path):
    require_browser()
    picture = tmp_path / "folder" / "page.png"
    command = [sys.executable, "-m", "tools.pictures", "dashboard", "--output", str(picture)]
    subprocess.run(command, cwd=ROOT, check=True)
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(data[16:20], "big") == 1100
    assert len(data) > 30_000, "an empty page compresses to less"
