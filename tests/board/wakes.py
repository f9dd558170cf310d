"""A board that sleeps deeply: main.py of a folder runs once a wake, on a chip and a clock that go on between.

    wakes.py PORT FOLDER WAKES

Each wake starts with nothing in RAM: the chip is mounted anew and no module of the program or the library is loaded.
The sensor's n-th reading is n. Prints a line for each, `reading N TRUE_UNIX_MS`, one for each request for the time
(`ntp`), what the program prints, and at the end the chip's counters and the ring's.
"""

import os
import sys

import power_on

START_MS = 1795000000000
BLOCKS = 64
SENSE_MS = 150
RAW_PER_READING = 40


class Adc:
    count = 0

    ATTN_11DB = 3

    def __init__(self, pin, atten=0):
        assert sys.modules["sys"].platform == "rp2" or atten == self.ATTN_11DB

    def read_uv(self):
        return self.read_u16() * 3300000 // 65535

    def read_u16(self):
        clock.wait(SENSE_MS)
        print("reading", Adc.count, clock.now_ms)
        Adc.count += 1
        return Adc.count * RAW_PER_READING


class Watchdog:
    """A WDT, or a Timer that serves as one: noted, and fed as often as may be."""

    ONE_SHOT = 0

    def __init__(self, id=-1, timeout=0):
        self.init(timeout)

    def init(self, period, mode=0, callback=None):
        Watchdog.limit_ms = period

    def feed(self):
        pass


def ntp_time():
    clock.wait(700)
    print("ntp")
    return seconds()


def forget():
    """As if nothing had ever been imported."""
    import blynk_batch

    blynk_batch.__dict__.clear()
    for name in list(sys.modules):
        if name.startswith("blynk_batch") or name in ("config", "main", "safety", "sensor", "wake"):
            del sys.modules[name]


def wake(asleep):
    """Run main.py until it sleeps; its planned milliseconds."""
    try:
        __import__("main")
    except asleep as sleep:
        return sleep.ms
    raise AssertionError("main.py ended without going to sleep")


def main(port, folder, wakes):
    global clock, seconds
    power_on._leave_the_host()
    power_on.Sys(port).install()
    import board_clock
    import flash

    clock = board_clock.BoardClock(port, START_MS)
    clock.install()
    seconds, sys.modules["ntptime"].time = sys.modules["ntptime"].time, ntp_time
    sys.modules["machine"].ADC = Adc
    sys.modules["machine"].Pin = int
    sys.modules["machine"].WDT = Watchdog
    sys.modules["machine"].Timer = Watchdog
    chip = flash.NorFlash(BLOCKS, page_size=256 if port == "rp2" else 1)
    flash.mount(chip, "/", port)
    power_on._install(folder)
    for number in range(wakes):
        if number == 1:
            chip.reset_counters()  # the first wake made the ring's files
        os.umount("/")
        flash.mount(chip, "/", port, format=False)
        os.chdir("/")
        started = clock.now_ms
        slept = wake(board_clock.Asleep)
        assert clock.now_ms - started < Watchdog.limit_ms
        forget()
        clock.sleep(slept)
    print("erases", chip.erases, "worst", max(chip.block_erases), "read", chip.bytes_read)
    import blynk_batch
    import config

    client = blynk_batch.Client(config.TOKEN, ring=blynk_batch.FileRing(config.RING), server=config.SERVER)
    clock.settime()
    print("last", client.upload())
    stats = client.stats()
    print("stats", stats["logged"], stats["estimated"], stats["dropped"], stats["pending"])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
