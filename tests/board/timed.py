"""A board that lives through a list of steps on a simulated chip and clock, for tests of the times that arrive.

    timed.py PORT URL TOKEN STEPS OPTIONS      STEPS and OPTIONS as JSON

    ["log"]          one reading, its value a serial number       ["wait", ms]
    ["sleep", ms]    close(sleep_ms=ms), deep sleep, a new start  ["off", ms]  the power goes, for ms
    ["reset"]        the watchdog bites                           ["cut"]    the power goes in the next write
    ["ntp", ms]      the clock is set, ms wrong                   ["lose"]     the clock shows nothing likely any more
    ["net", ntp, date]  from here on NTP answers with an error of ntp ms, with the Unix ms of a str or, None, not,
                     and the server's replies have a Date with an error of date ms, or none
    ["upload"]                                                    ["times", n, [steps]]

Prints `log SERIAL TRUE_MS` for each reading that log() returned for, `upload` and its result, and the counters. Every
start is as after a reset: the chip mounted anew, no module of the library loaded.
"""

import json
import sys

import board_clock
import flash

BLOCKS = 64
_SILENCE = OSError(110)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


class Dated:
    """The default transport, whose replies have the Date of the simulated time."""

    def __init__(self, library, board):
        self._real, self._board = library.Requests(), board
        self.streams = self._real.streams

    def post(self, *arguments):
        status, found, text = self._real.post(*arguments)
        found.pop("date", None)
        if self._board.date_error_ms is not None:
            unix = (self._board.clock.now_ms + self._board.date_error_ms) // 1000
            year, month, day, hours, minutes, seconds = board_clock.date_of(unix)[:6]
            when = (day, _MONTHS[month * 3 - 3 : month * 3], year, hours, minutes, seconds)
            found["date"] = "Mon, %02d %s %d %02d:%02d:%02d GMT" % when
        return status, found, text


class Timed:
    def __init__(self, port, url, token, options):
        self.port, self.url, self.token, self.options = port, url, token, options
        self.capacity = options.pop("capacity_bytes", 65536)
        now_ms = board_clock._real.time_ns() // 1000000
        self.clock = board_clock.BoardClock(port, now_ms)
        self.clock.install()
        self.net(None, None)
        self.chip = flash.NorFlash(BLOCKS, page_size=256 if port == "rp2" else 1)
        self.serial = 0
        self.mounted = False
        self.start()

    def start(self):
        for name in list(sys.modules):
            if name.startswith("blynk_batch"):
                del sys.modules[name]
        if self.mounted:
            flash.umount("/flash")
        flash.mount(self.chip, "/flash", self.port)
        self.mounted = True
        import blynk_batch

        ring = blynk_batch.FileRing("/flash/ring", capacity_bytes=self.capacity)
        options = dict(self.options, transport=Dated(blynk_batch, self), points_per_day=None)
        self.client = blynk_batch.Client(self.token, ring=ring, server=self.url, **options)

    def log(self):
        self.serial += 1
        try:
            self.client.log(1, self.serial)
            print("log", self.serial, self.clock.now_ms)
        except OSError:
            if not self.chip.dead:
                raise
            self.chip = self.chip.revive()
            self.off(0)

    def off(self, ms):
        self.clock.off(ms)
        self.start()

    def reset(self):
        self.clock.reset(self.clock.WDT_RESET)
        self.start()

    def cut(self):
        self.chip.cut_at(0, 20)

    def sleep(self, ms):
        self.client.close(sleep_ms=ms)
        self.clock.sleep(ms)
        self.start()

    def wait(self, ms):
        self.clock.wait(ms)

    def ntp(self, error_ms):
        self.clock.shown_ms = self.clock.now_ms + error_ms

    def net(self, ntp, date):
        self.clock.ntp = _SILENCE if ntp is None else ntp
        self.date_error_ms = date

    def lose(self):
        self.clock.shown_ms = 0

    def upload(self):
        print("upload", self.client.upload())

    def times(self, count, steps):
        for _ in range(count):
            self.live(steps)

    def live(self, steps):
        for name, *arguments in steps:
            getattr(self, name)(*arguments)


def main(port, url, token, steps, options):
    board = Timed(port, url, token, json.loads(options))
    board.live(json.loads(steps))
    for name, value in board.client.stats().items():
        print("stats", name, value)


if __name__ == "__main__":
    main(*sys.argv[1:])
