"""make pull where it cannot work: one sentence, a status that says so, and nothing that was there is changed."""

import os
import re
import struct
import subprocess
import sys
from binascii import crc32
from pathlib import Path

import pytest

from tests.host.boards import ended
from tests.host.pulled import pulled
from tools.pull.sources import FromFolder, FromImage

TOKEN = "test-token-of-32-characters-0001"


def refused(*arguments):
    """The last line of what `make pull` says; all that it prints goes to standard error."""
    done = pulled(*arguments)
    assert done.returncode in (1, 2) and not done.stdout
    line = done.stderr.splitlines()[-1]
    assert line.startswith("Error: ")
    assert not re.search("[A-Za-z](Error|Device|Ring): ", line), "no name of an exception: " + line
    return line


def test_a_folder_that_is_no_ring_is_not_an_empty_ring_and_an_older_export_stays(tmp_path):
    other, export = tmp_path / "other", tmp_path / "export.csv"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    export.write_text("older")
    assert "there is no ring in the folder" in refused("--folder", other, "--csv", export)
    assert export.read_text() == "older" and [path.name for path in other.iterdir()] == ["notes.txt"]


def test_a_folder_that_is_no_ring_is_not_copied_first_since_it_may_be_all_that_somebody_has(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # which cannot be copied
    assert "there is no ring in the folder" in refused("--folder", tmp_path)


def test_a_folder_in_which_a_file_is_named_as_the_rings_is_called_by_what_it_lacks(tmp_path):
    (tmp_path / "log").write_text("mine")
    line = refused("--folder", tmp_path)
    assert line == "Error: the ring cannot be read: there is no ring in the folder: its log is no folder"


def test_blank_flash_and_an_image_too_short_hold_no_ring(tmp_path):
    image = tmp_path / "image"
    for content, words in (
        (b"\xff" * 65536, "there is no ring in the image"),
        (bytes(65536), "there is no ring in the image"),  # the ring that is begun there has no first sector
        (b"\xff" * 100, "an image of 100 bytes holds no ring"),
    ):
        image.write_bytes(content)
        assert words in refused("--image", image)


def test_a_folder_of_a_filesystem_that_is_no_ring_is_refused_and_a_path_needs_no_slash(make_ring):
    image = make_ring("esp32")
    assert "there is no ring in the folder /readings/log" in refused("--image", image, "--path", "/readings/log")
    assert "the filesystem has no folder /none; it has: readings" in refused("--image", image, "--path", "/none")
    assert pulled("--image", image, "--path", "readings", "--csv", "-").stdout.count("\n") == 1501


@pytest.mark.parametrize(
    "kind, size, words",
    [("esp32", 5000, "the littlefs filesystem cannot be mounted"), ("nor", 20001, "the image has to be all that")],
)
def test_a_truncated_image_is_said_to_be_not_whole(make_ring, kind, size, words):
    image = make_ring(kind)
    image.write_bytes(image.read_bytes()[:size])
    assert words in refused("--image", image, "--path", "/readings")


def test_a_dump_of_more_than_the_filesystem_is_told_where_to_begin(make_ring):
    image = make_ring("esp32")
    image.write_bytes(b"\xe9" * 65536 + image.read_bytes())
    assert "the image has to begin where the filesystem or the ring does" in refused("--image", image)


def test_a_newer_format_is_named_without_advice_to_erase_it(make_ring):
    image = make_ring("nor")
    data = bytearray(image.read_bytes())
    for at in [at for at in range(0, len(data), 4096) if data[at : at + 3] == b"BBr"]:
        data[at + 3] = 3
        data[at + 20 : at + 24] = struct.pack("<I", crc32(data[at : at + 20]))
    image.write_bytes(data)
    line = refused("--image", image)
    assert "format 3" in line and "erases" not in line


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="the system has no such file")
def test_an_export_into_a_pipe_is_written_to_it(make_ring):
    command = [sys.executable, "-m", "tools.pull", "--folder", make_ring("folder"), "--csv", "/dev/stdout"]
    done = ended(*command, stderr=subprocess.DEVNULL)
    assert done.returncode == 0 and done.stdout.count("\n") == 1501


def test_what_is_no_file_in_a_folder_is_named(make_ring):
    folder = make_ring("folder")
    (folder / "link").symlink_to(folder / "nowhere")
    assert "%s cannot be copied" % (folder / "link") in refused("--folder", folder)


def test_an_export_that_is_printed_or_not_asked_for_is_not_in_the_ring_of_the_working_directory(make_ring, monkeypatch):
    monkeypatch.chdir(make_ring("folder"))
    done = pulled("--folder", ".", "--csv", "-")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 1501, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a full device")
def test_an_export_without_room_or_into_the_ring_is_refused(make_ring):
    folder = make_ring("folder")
    line = refused("--folder", folder, "--csv", "/dev/full")
    assert line == "Error: /dev/full cannot be written: No space left on device"
    assert "that is where the ring is" in refused("--folder", folder, "--csv", folder / "new")
    both = folder.parent / "both"
    assert "--csv and --json" in refused("--folder", folder, "--csv", both, "--json", both) and not both.exists()
    export = folder.parent / "export.csv"
    export.write_text("older")
    command = ["bash", "-c", 'ulimit -f 8; exec "$@"', "bash", sys.executable, "-m", "tools.pull"]
    done = ended(*command, "--folder", folder, "--csv", export)
    assert done.returncode == 1 and "File too large" in done.stdout and "Traceback" not in done.stdout
    assert export.read_text() == "older"
    image = make_ring("nor")
    before = image.read_bytes()
    assert "that is where the ring is" in refused("--image", image, "--json", image)
    assert image.read_bytes() == before


UPLOAD = ("--upload", "--server")
WRONG = [
    *[("nor", (option, value), option[2:]) for option in ("--page", "--unit") for value in ("0", "7")],
    ("folder", (*UPLOAD, "http://x", "--token", "a b"), "Error: nothing was sent: token: "),
    ("folder", (*UPLOAD, "blynk.cloud", "--token", TOKEN),
     "Error: Invalid value for '--server': 'blynk.cloud': must be like https://blynk.cloud"),
]  # fmt: skip


@pytest.mark.parametrize("kind, arguments, says", WRONG)
def test_what_is_no_page_unit_token_or_server_is_not_blamed_on_the_ring(make_ring, kind, arguments, says):
    line = refused("--folder" if kind == "folder" else "--image", make_ring(kind), *arguments)
    assert says in line and "a b" not in line


@pytest.mark.parametrize("kind", ["folder", "image"])
def test_putting_back_that_breaks_off_leaves_the_ring_as_it_was(tmp_path, monkeypatch, kind):
    work, origin = tmp_path / "work", tmp_path / "ring"
    work.mkdir()
    if kind == "folder":
        (origin / "log").mkdir(parents=True)
        (origin / "log" / "00000000").write_bytes(b"BBr" * 100)
        source = FromFolder(origin, work)
        changed, target = work / "ring" / "log" / "00000000", origin / "log" / "00000000"
    else:
        origin.write_bytes(b"BBr" * 100)
        source, changed, target = FromImage(origin, work), work / "image", origin
    before = target.read_bytes()
    changed.write_bytes(b"changed")

    def fails(*_):
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fails)
        with pytest.raises(OSError):
            source.put_back()
    assert target.read_bytes() == before and list(target.parent.glob("*.new")) == []
    source.put_back()
    assert target.read_bytes() == b"changed"


def test_a_file_that_cannot_be_written_is_named_as_it_was_given_without_a_number(make_ring, tmp_path):
    line = refused("--folder", make_ring("folder"), "--csv", tmp_path / "nowhere" / "readings.csv")
    assert line == "Error: %s cannot be written: No such file or directory" % (tmp_path / "nowhere" / "readings.csv")
