"""A simulated board for host tests: a program is installed as its user would, and started as often as a test likes.

    board = Board(tmp_path, "rp2")
    board.install("pico_w", TOKEN=sandbox.token, SERVER=sandbox.url)
    output = board.start("machine.wire(4, [20000, 20001])")

The flash chip's bytes lie in `tmp_path` from one start to the next. tests/board/ holds what stands in for the hardware.
"""

import re
import shutil

from tools import device
from tools.device import ROOT

NETWORK = {"SSID": "a network", "PASSWORD": "a password"}
WIRING = "import machine, network\n"


class Board:
    def __init__(self, folder, port):
        self.port = port
        self.files = folder / "files"
        self.image = folder / "flash.bin"
        self.files.mkdir(parents=True, exist_ok=True)

    def install(self, example, **settings):
        """The files of examples/<example>, with the settings changed in config.py as a user would."""
        for path in (ROOT / "examples" / example).glob("*.py"):
            shutil.copy(path, self.files)
        config = self.files / "config.py"
        text = config.read_text()
        for name, value in {**NETWORK, **settings}.items():
            text = _changed(text, name, value)
        config.write_text(text)

    def program(self, text):
        (self.files / "main.py").write_text(text)

    def start(self, wiring="", status=0, lib=ROOT / "lib"):
        """Power on, until main.py ends or the stand-ins press Ctrl-C; what it printed. `wiring` runs before it."""
        paths = [ROOT / "tests" / "board", device.SIM, lib]
        script = self.image.with_name("wiring.py")
        script.write_text(WIRING + wiring)
        power_on = ROOT / "tests" / "board" / "power_on.py"
        arguments = [self.port, self.image, self.files, script]
        done = device.run(power_on, *arguments, heap="32m", paths=paths, timeout=400)
        assert done.returncode == status, done.stdout
        return done.stdout


def _changed(text, name, value):
    """`text` with the assignment of one setting, also within `A, B = 1, 2`, given another value."""
    for match in re.finditer(r"^([A-Z][A-Z_, ]*) = (.*?)( +#.*)?$", text, re.MULTILINE):
        names = match.group(1).split(", ")
        if name in names:
            values = [value if name == each else old for each, old in zip(names, _values(match.group(2), names))]
            line = "%s = %s" % (match.group(1), ", ".join(map(repr, values)))
            return text[: match.start()] + line + text[match.end() :]
    raise AssertionError("config.py has no %s" % name)


def _values(text, names):
    value = eval(text)
    return value if len(names) > 1 else (value,)
