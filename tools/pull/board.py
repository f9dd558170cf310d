"""A ring on a board, over USB through mpremote: reads its files or its blocks, and writes files back when told to.

Entering the board's raw REPL resets it softly, so that no program writes to the ring meanwhile; main.py does not run
again until the next reset.
"""

import base64
import subprocess
import sys
import threading
from pathlib import Path

import click

from tools.pull.sources import FromImage, Source, changes, snapshot

# Sent to the board. Each prints a line for every 1,536 bytes: what they belong to, then base64.
_COMMON = """
import binascii, os
def send(name, data):
    print(name, str(binascii.b2a_base64(data), 'ascii').strip())
"""
_FILES = (
    _COMMON
    + """
def walk(root, below):
    for entry in sorted(os.ilistdir(root + below)):
        name = below + '/' + entry[0]
        if entry[1] & 0x4000:
            walk(root, name)
            continue
        print('FILE', name[1:], os.stat(root + name)[6])
        with open(root + name, 'rb') as f:
            while True:
                data = f.read(1536)
                if not data:
                    break
                send('DATA', data)
walk(%r, '')
print('END')
"""
)
_BLOCKS = (
    _COMMON
    + """
device = %s
size = device.ioctl(5, 0) or 512
count = device.ioctl(4, 0)
print('SIZE', size * count)
buf = bytearray(size)
for block in range(count):
    device.readblocks(block, buf)
    for at in range(0, size, 1536):
        send('DATA', buf[at:at + 1536])
print('END')
"""
)


class FromBoard(Source):
    """`path` is the FileRing's folder; or `device` the Python expression that gives a BlockRing's device there."""

    def __init__(self, port, work, path="/blynk_batch.ring", device=None, page=None, unit=1):
        self._port = port
        self._path = path.rstrip("/")
        self._copy = Path(work) / ("image" if device else "ring")
        if device:
            self._read_blocks(device)
            self._image = FromImage(self._copy, _made(Path(work) / "blocks"), page=page, unit=unit)
            self.copy = self._image.copy
            return
        self._read_files()
        self._before = snapshot(self._copy)
        self.copy = ("folder", str(self._copy))

    def _read_files(self):
        self._copy.mkdir()
        file = None
        with click.progressbar(length=0, label="reading " + self._path, file=sys.stderr) as bar:
            for words in self._run(_FILES % self._path):
                if words[0] == "FILE":
                    target = self._copy / words[1]
                    target.parent.mkdir(parents=True, exist_ok=True)
                    file = target
                    file.write_bytes(b"")
                    bar.length += int(words[2])
                elif words[0] == "DATA":
                    data = base64.b64decode(words[1])
                    with open(file, "ab") as sink:
                        sink.write(data)
                    bar.update(len(data))
        if not any(self._copy.iterdir()):
            raise click.ClickException("%s on the board is empty: name the ring's folder by --path" % self._path)

    def _read_blocks(self, device):
        progress = click.progressbar(length=0, label="reading blocks", file=sys.stderr)
        with open(self._copy, "wb") as sink, progress as bar:
            for words in self._run(_BLOCKS % device):
                if words[0] == "SIZE":
                    bar.length = int(words[1])
                elif words[0] == "DATA":
                    data = base64.b64decode(words[1])
                    sink.write(data)
                    bar.update(len(data))

    def _run(self, script):
        """The words of each line that the board prints; ClickException if it does not come to its END."""
        command = [sys.executable, "-m", "mpremote", "connect", self._port, "exec", script]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = []
        reader = threading.Thread(target=lambda: said.append(process.stderr.read()), daemon=True)
        reader.start()
        ended = False
        other = []
        try:
            for line in process.stdout:
                words = line.split()
                if not words:
                    continue
                ended = ended or words[0] == "END"
                if words[0] in ("FILE", "DATA", "SIZE"):
                    yield words
                elif not ended:
                    other.append(line.strip())
        finally:
            process.kill()
            process.wait()
        reader.join(5)
        if not ended:
            raise click.ClickException(self._explain("\n".join(other + said)))

    def _explain(self, text):
        if "ENOENT" in text:
            return "the board has no folder %s: name the ring's folder by --path" % self._path
        if "failed to access" in text or "could not open port" in text or "no device found" in text:
            return "cannot open %s: is the board plugged in, and does no other program have the port?" % self._port
        if "raw repl" in text:
            return "the board at %s does not answer: press its reset button and try again" % self._port
        last = [line for line in text.splitlines() if line.strip()]
        return "reading the board broke off: %s" % (last[-1] if last else "no reason given")

    def put_back(self):
        written, gone = changes(self._before, snapshot(self._copy))
        for name in written:
            self._copy_over(name)
        for name in gone:
            self._mpremote("fs", "rm", ":%s/%s" % (self._path, name))
        return written + gone

    def _copy_over(self, name):
        self._mpremote("fs", "cp", str(self._copy / name), ":%s/%s" % (self._path, name))

    def _mpremote(self, *arguments):
        command = [sys.executable, "-m", "mpremote", "connect", self._port, *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise click.ClickException(self._explain(done.stdout))


def _made(folder):
    folder.mkdir()
    return folder
