"""The soak's board, run by MicroPython: logs and uploads for simulated days, through all that chance has in store.

    board.py URL TOKEN FOLDER FAULT      FAULT: one of the sandbox that stays on, or ""

FOLDER keeps the chip's bytes and the rest of the world from one process to the next: each reset without a warning ends
the process with status 42, so that nothing in RAM survives it. Prints a journal that ledger.py reads:

    log SERIAL TRUE_MS SHOWN_MS|- PIN=VALUE ...    about to log; the board's own clock, if it is set
    ok | torn | full                               log_group() returned | the power went in it | RingFull
    event TEXT                                     what the board was told, or was done to it
    accepted                                       a batch counts as delivered
    cut upload                                     the power went during an upload
    stats NAME VALUE    pending PIN VALUE          at the end
"""

import json
import os
import random
import sys

import board_clock
import flash
import weather

MINUTE_MS = 60000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
RESET = 42
BLOCKS = 40
CUT_ODDS = 60
MODES = ("prefix", "random")
CLOCK = ("now_ms", "shown_ms", "ticks", "cause")
WEATHER = ("online", "until")


class Reset(Exception):
    """The board starts anew: its power went, or its watchdog bit."""


class World:
    """What outlives a reset, as a dict in a file: the clock, the weather, the board's make, where chance stands."""

    def __init__(self, folder):
        self.path = folder + "/world.json"
        self.chip = folder + "/chip.bin"
        with open(self.path) as f:
            self.state = json.load(f)
        random.seed(self.state["seed"])
        if "port" not in self.state:
            now_ms = board_clock._real.time_ns() // 1000000
            self.state.update(
                {
                    "port": random.choice(("esp32", "rp2")),
                    "capacity": random.choice((3, 4, 6)) * 4096,
                    "overwrite": random.randrange(3) > 0,
                    "max_age_days": random.choice((None, 1)),
                    "serial": 0,
                    "now_ms": now_ms - self.state["minutes"] * MINUTE_MS,
                    "end_ms": now_ms,
                }
            )
            print("event", self.state)

    def save(self, clock, weather, chip):
        self.state.update({name: getattr(clock, name) for name in CLOCK})
        self.state.update({name: getattr(weather, name) for name in WEATHER})
        self.state["seed"] = random.getrandbits(30)
        chip.save(self.chip)
        with open(self.path, "w") as f:
            json.dump(self.state, f)


class Station:
    def __init__(self, url, token, world, fault):
        self.url, self.token = url, token
        self.world, self.state = world, world.state
        rp2 = self.state["port"] == "rp2"
        self.clock = board_clock.BoardClock(self.state["port"], self.state["now_ms"])
        self.clock.install()
        self.weather = weather.Weather(self)
        for part, names in ((self.clock, CLOCK), (self.weather, WEATHER)):
            for name in names:
                if name in self.state:
                    setattr(part, name, self.state[name])
        self.chip = flash.NorFlash(BLOCKS, page_size=256 if rp2 else 1, image=_bytes(world.chip))
        self.stays_on = fault
        self.client = None

    # Power

    def boot(self):
        """Mount the chip and open the ring as main.py would, with nothing left in RAM."""
        for name in list(sys.modules):
            if name.startswith("blynk_batch"):
                del sys.modules[name]
        flash.mount(self.chip, "/flash", self.state["port"])
        import blynk_batch

        ring = blynk_batch.FileRing(
            "/flash/ring", capacity_bytes=self.state["capacity"], overwrite=self.state["overwrite"]
        )
        self.ring_full = blynk_batch.RingFull
        self.set_clock = blynk_batch.set_clock
        self.client = blynk_batch.Client(
            self.token,
            ring=ring,
            server=self.url,
            points_per_day=None,
            max_age_days=self.state["max_age_days"],
            batch_points=random.choice((150, 10000)),
            debug=self.hear,
        )
        if self.weather.online and random.randrange(2):
            self.set_clock()

    def hear(self, text):
        if text.endswith("accepted"):
            print("accepted")

    def alive(self, action, *args, **options):
        """Do it; Reset if the chip died in it."""
        try:
            return action(*args, **options)
        except OSError:
            if not self.chip.dead:
                raise
        finally:
            if self.chip.dead:
                self.clock.off(random.choice((0, 500, MINUTE_MS, random.randrange(8 * HOUR_MS))))
                raise Reset

    def closed(self, **options):
        """The end of a run that was planned; the next one begins in this process."""
        self.alive(self.client.close, **options)
        os.umount("/flash")

    def maybe_cut(self):
        if random.randrange(CUT_ODDS) == 0:
            self.chip.cut_at(random.randrange(4), random.randrange(300), random.choice(MODES), random.getrandbits(16))

    # What it does

    def log(self):
        self.state["serial"] = serial = self.state["serial"] + 1
        group = weather.readings(serial)
        now = self.client.clock.now()
        print("log", serial, self.clock.now_ms, "-" if now is None else now, json.dumps(group))
        self.maybe_cut()
        try:
            self.alive(self.client.log_group, group)
            print("ok")
        except self.ring_full:
            print("full")
        except Reset:
            print("torn")
            raise

    def upload(self):
        if self.weather.online and random.randrange(3):
            self.set_clock()
        self.weather.prepare()
        self.maybe_cut()
        try:
            result = self.alive(self.client.upload)
            print("event", result)
        except Reset:
            print("cut upload")
            raise

    def step(self):
        self.clock.wait(random.randrange(8 * MINUTE_MS))
        self.weather.pass_time()
        self.log()
        if self.weather.online and self.client.due(3 * 3600):
            self.upload()
        chance = random.randrange(100)
        if chance < 12:
            sleep_ms = random.randrange(10 * MINUTE_MS)
            self.closed(sleep_ms=sleep_ms)
            self.clock.sleep(sleep_ms)
            self.alive(self.boot)
        elif chance < 13:
            self.closed()
            self.clock.off(random.randrange(2 * HOUR_MS))
            self.alive(self.boot)
        elif chance < 14:
            self.clock.reset(random.choice((self.clock.WDT_RESET, self.clock.PWRON_RESET)))
            raise Reset

    def live(self):
        self.maybe_cut()
        self.alive(self.boot)
        while self.clock.now_ms < self.state["end_ms"]:
            self.step()

    def finish(self):
        """All is calm: what can arrive does, within some days."""
        self.weather.calm()
        self.chip.cut_at(1 << 30)  # what the last step had in mind may be still to come
        for _ in range(30):
            self.clock.wait(DAY_MS)
            self.clock.settime()
            self.weather.prepare()
            self.client.upload()
            if not self.client.pending:
                break
        for name, value in self.client.stats().items():
            print("stats", name, value)
        for pin, _, value in self.client.points():
            print("pending", pin, json.dumps(value))


def _bytes(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return None


def main(url, token, folder, fault):
    world = World(folder)
    station = Station(url, token, world, fault)
    try:
        station.live()
        station.finish()
    except Reset:
        world.save(station.clock, station.weather, station.chip)
        sys.exit(RESET)


if __name__ == "__main__":
    main(*sys.argv[1:])
