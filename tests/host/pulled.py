"""Rings for tests of make pull, and that command: its standard output and its standard error apart."""

import shutil
from types import SimpleNamespace

from click.testing import CliRunner

from tools import device
from tools.pull.__main__ import main

# Makes a ring of 300 rows of five pins; argv: what to make it on, where, and the server's URL if it is to upload them.
MAKE = """
import sys
import blynk_batch
from flash import NorFlash, SdCard, mount

kind, path, *url = sys.argv[1:]
device = None
if kind == "folder":
    ring = blynk_batch.FileRing(path, capacity_bytes=64 * 1024)
elif kind in ("esp32", "rp2", "fat", "card"):
    device = SdCard(512) if kind in ("fat", "card") else NorFlash(64, page_size=256 if kind == "rp2" else 1)
    mount(device, "/flash", "fat" if kind == "card" else kind)
    ring = blynk_batch.FileRing("/flash/readings", capacity_bytes=64 * 1024)
elif kind == "sd":
    device = SdCard(130)
    ring = blynk_batch.BlockRing(device)
else:
    device = NorFlash(16, unit=16 if kind == "units" else 1)
    ring = blynk_batch.BlockRing(device, unit=device.unit)
server = url[0] if url else "http://127.0.0.1:9"
client = blynk_batch.Client("test-token-of-32-characters-0001", ring=ring, server=server)
for row in range(300):
    values = {1: 20.5 + row / 8, 2: row - 150, 3: "text %d" % row, 4: row % 2 == 0, 5: (24.94, 60.17)}
    client.log_group(values, timestamp=1648054765458 + row * 60000)
client.log(1, None)
if url:
    client.log(2, "no number", timestamp=1648054765458)
    print(client.upload())
print(client.stats())
client.close()
if kind == "card":  # its folder, copied
    import os
    os.mkdir(path)
    with open("/flash/readings/ring0", "rb") as ring0, open(path + "/ring0", "wb") as copy:
        copy.write(ring0.read())
elif device:
    device.save(path)
"""


def make_ring(made, folder, kind, upload_to=None):
    """The path of a ring's folder or image in `folder`: a copy of the one in `made`, where each kind is made once, but
    of one whose readings are to go to that URL."""
    if upload_to:
        return _make(folder / kind, upload_to)
    if not (made / kind).exists():
        _make(made / kind)
    copy = shutil.copytree if (made / kind).is_dir() else shutil.copyfile
    return copy(made / kind, folder / kind)


def _make(path, *url):
    script = path.parent / "make_ring.py"
    script.write_text(MAKE)
    paths = (device.LIB, device.SIM, device.FROZEN)
    done = device.run(script, path.name, path, *url, heap="16m", paths=paths, cwd=path.parent, timeout=400)
    assert done.returncode == 0, done.stdout
    return path


def pulled(*arguments, env=None):
    """`make pull` in this process, as subprocess.run would give it; `env`: {name: value, None: not there}."""
    done = CliRunner(mix_stderr=False).invoke(main, list(map(str, arguments)), env=env)
    if not isinstance(done.exception, (SystemExit, type(None))):
        raise done.exception
    return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout, stderr=done.stderr)


def pull(*arguments, status=0):
    """What `make pull` prints: (standard output, standard error)."""
    done = pulled(*arguments)
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr
