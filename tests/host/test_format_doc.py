"""docs/format.md against the library: the example's bytes, and the list of state keys.

Knows no format: the document has the readings and the bytes, the library makes the bytes.
"""

import re
from pathlib import Path

DOC = (Path(__file__).resolve().parents[2] / "docs" / "format.md").read_text(encoding="utf-8")
DUMP = """
import os
for folder in ("", "/log"):
    for name in os.listdir(path + folder):
        if name not in ("log", "spare"):
            with open(path + folder + "/" + name, "rb") as f:
                print((folder + "/" + name)[1:], f.read().hex())
"""


def fenced(language):
    return re.findall(r"^```%s ?(\S*)\n(.*?)^```$" % language, DOC, re.MULTILINE | re.DOTALL)


def bytes_of(block):
    """The hex pairs that each line starts with; three spaces and a comment may follow."""
    return b"".join(bytes.fromhex(line.split("   ")[0]) for line in block.splitlines())


def test_the_example_is_what_the_library_writes(run_on_device):
    documented = {name: bytes_of(block) for name, block in fenced("hex")}
    source = "path = 'readings'\n" + fenced("python")[0][1] + DUMP
    written = dict(line.split() for line in run_on_device(source).splitlines())
    assert {name: bytes.fromhex(digits) for name, digits in written.items()} == documented
    assert len(documented["log/3fffffff"]) > 100


def test_the_example_of_a_mark_is_what_the_library_writes(run_on_device):
    source = "path = 'readings'\n" + fenced("python")[1][1] + "print(bytes(mark).hex())\n"
    ((_, documented),) = fenced("hexmark")
    assert bytes.fromhex(run_on_device(source)) == bytes_of(documented)


CARD = """
class Card:
    data = bytearray(34 * 512)
    def readblocks(self, block, buf):
        buf[:] = self.data[block * 512 : block * 512 + len(buf)]
    def writeblocks(self, block, buf):
        self.data[block * 512 : block * 512 + len(buf)] = buf
    def ioctl(self, operation, argument):
        return {4: 34, 5: 512}.get(operation)
card = Card()
"""
DUMP_CARD = """
for block in range(34):
    data = card.data[block * 512 : block * 512 + 512]
    if data[8]:
        print(block, bytes(data[: 16 + data[6] + 256 * data[7]]).hex())
"""


def test_the_example_of_a_card_is_what_the_library_writes(run_on_device):
    documented = {name: bytes_of(block) for name, block in fenced("hexcard")}
    written = dict(line.split() for line in run_on_device(CARD + fenced("python")[2][1] + DUMP_CARD).splitlines())
    assert {name: bytes.fromhex(digits) for name, digits in written.items() if name in documented} == documented
    assert sorted(documented) == ["0", "33"] and len(written) == 3


def test_every_state_key_of_the_library_is_listed(run_on_device):
    listed = {name: int(key) for key, name in re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", DOC, re.MULTILINE)}
    source = "import sys\nfrom blynk_batch.ring import state\n"
    source += "for name in sys.argv[1:]:\n    print(name, getattr(state, name))\n"
    found = dict(line.split() for line in run_on_device(source, *listed).splitlines())
    assert {name: int(value) for name, value in found.items()} == listed
    assert not unlisted(listed)


def unlisted(listed):
    """Names of the library that a state is read or written by, and the document lacks."""
    library = Path(__file__).resolve().parents[2] / "lib" / "blynk_batch"
    used = set()
    for source in library.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        used.update(re.findall(r"(?:ring|self)\.(?:get|set|add|save_value)\((?:keys\.)?([A-Z_]+)\b", text))
        used.update(re.findall(r"state\.get\((?:keys\.)?([A-Z_]+)\b", text))
    return used - set(listed)
