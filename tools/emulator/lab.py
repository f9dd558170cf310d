"""A Pico in an emulator, for programs that measure and test it: everything in its own time.

    with Lab(image) as lab:
        lab.connect()
        print(lab.exec("print(6 * 7)").said)

The other side is lab.mjs. Knows no library and no measurement.
"""

import json
import subprocess
from collections import namedtuple
from pathlib import Path

import click

from tools.emulator.firmware import missing

HERE = Path(__file__).resolve().parent
MINUTE_MS = 60_000
# What a device program calls: mark(n) notes the time and the counters. The register is the watchdog's first scratch.
MARK = "from machine import mem32\ndef mark(n): mem32[0x4005800c] = n\n"

# What came of a command: `said` on the console, `marks` as Mark, `why` a run ended, what was `cut`, and a Mark's
# figures as they are `now`.
Answer = namedtuple("Answer", "said marks why cut now")
# Milliseconds since the last reset, those of them that the processor was at work; the flash's erases and programmed
# pages and the calls of watched functions since the beginning; the resets since the last power-on.
Mark = namedtuple("Mark", "mark ms cpu_ms erases pages calls resets")


class LabError(click.ClickException):
    """The emulator could not go on: the text says why."""


class RemoteError(click.ClickException):
    """A program's exception on the board, as its traceback."""


class Lab:
    """`image` is the flash's content, a file that stays as it is. `watched`: {address: name} of functions to count."""

    def __init__(self, image, watched=None):
        if problem := missing():
            raise LabError(problem)
        names = json.dumps({str(address): name for address, name in (watched or {}).items()})
        command = ["node", str(HERE / "lab.mjs"), str(image), names]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def _ask(self, command, **options):
        self._process.stdin.write(json.dumps({"command": command, **options}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"failed": "the emulator ended"}
        if "failed" in answer:
            raise LabError(answer["failed"])
        return answer

    def run(self, ms=MINUTE_MS, **until):
        """Until it has said text=..., marked mark=..., reset resets=... times, or for `ms` of its time."""
        answer = self._ask("run", ms=ms, **until)
        marks = [_mark(one) for one in answer["marks"]]
        return Answer(answer["said"], marks, answer["why"], answer.get("cut"), _mark({"mark": None, **answer}))

    def type(self, text):
        self._ask("type", text=text)

    def power_on(self):
        """Off and on again: only the flash stays."""
        self._ask("power")

    def cut_power_after(self, count, seed, erases_only=False):
        """A run ends with why="cut" in the flash operation that follows `count` others, which is left torn."""
        self._ask("cut", count=count, erases_only=erases_only, seed=seed)

    def read_flash(self, at, count):
        return bytes.fromhex(self._ask("read", at=at, count=count)["hex"])

    def save(self, path):
        self._ask("save", path=str(path))

    def until(self, text, ms=MINUTE_MS):
        answer = self.run(ms, text=text)
        if answer.why != "text":
            raise LabError("the board did not say %r but %r (%s)" % (text, answer.said[-300:], answer.why))
        return answer

    def connect(self):
        """Interrupts main.py and enters the raw REPL."""
        for _ in range(50):
            self.type("\r\x03\x03")
            if self.run(100, text=">>> ").why == "text":
                break
        self.run(20)
        self.type("\x01")
        self.until("raw REPL; CTRL-B to exit\r\n>")

    def exec(self, code, ms=60 * MINUTE_MS):
        """Runs `code` and returns the Answer. Raises RemoteError."""
        self.type(code + "\x04")
        head, out = self.until("OK"), self.until("\x04", ms)
        error = self.until("\x04").said[:-1]
        self.until(">")
        if error:
            raise RemoteError(out.said[:-1] + error)
        return out._replace(said=out.said[:-1].replace("\r\n", "\n"), marks=head.marks + out.marks)


def _mark(figures):
    return Mark(*(figures[name] for name in Mark._fields))
