"""The emulated Pico at a serial port.

with EmulatedPico("firmware/emulated-pico.flash") as board:
    subprocess.run(["mpremote", "connect", board.port, "exec", "print(1)"])
"""

from tools.emulator.firmware import FirmwareProblem, missing
from tools.emulator.lab import HERE
from tools.virtual_board.host import BoardProcess

_BOOTLOADER = 3  # status of serve.mjs


class EmulatedPico(BoardProcess):
    """`flash` is the chip's content, a file with a firmware in it. `ended` is set when the board has gone."""

    restarts_itself = False

    def __init__(self, flash):
        if problem := missing():
            raise FirmwareProblem(problem)
        self.flash = flash
        super().__init__(flash)

    def command(self):
        return ["node", str(HERE / "serve.mjs"), str(self.flash)]

    @property
    def in_bootloader(self):
        return self._process.poll() == _BOOTLOADER
