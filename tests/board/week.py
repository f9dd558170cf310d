"""A board that lives through simulated days: main.py of a folder, on a chip, a clock and a radio that go on between.

    week.py PORT FOLDER DAYS EVENTS      EVENTS is a file of JSON: [[minute, name], ...] in order

    "router off", "router on"    the access point             "ntp off", "ntp on"    its way to the internet's time
    "other password"             the access point's           "power off"            for two hours; then main.py starts
    "date off", "date on"        whether the server's replies have a Date, which is the simulated time's

The program's sleep() makes the time pass. An ADC's n-th reading is n. Prints `reading N TRUE_UNIX_MS` for each, what
the program prints, and at the end what an upload after the last day came to. The watchdog bites by an AssertionError.
"""

import gc
import json
import sys

import power_on

START_MS = 1795000000000
BLOCKS = 128
NETWORK = ("a network", "a password")
SILENCE = OSError(110)
MINUTE_MS = 60000
OFF_MS = 120 * MINUTE_MS


class PowerCut(BaseException):
    pass


class Over(BaseException):
    pass


class World:
    def __init__(self, port, days, events):
        import board_clock
        import board_radio

        self.clock = clock = board_clock.BoardClock(port, START_MS)
        self.radio = board_radio.Radio(port, clock)
        self.radio.air[NETWORK[0]] = NETWORK[1]
        self.events = [(START_MS + minute * MINUTE_MS, name) for minute, name in events]
        self.end_ms = START_MS + round(days * 24 * 60) * MINUTE_MS  # 1.22 reads decimals a little low
        self.has_date = True
        self.count = 0
        clock.install()
        self.radio.install()
        machine = sys.modules["machine"]
        machine.ADC, machine.Pin, machine.WDT = adc(self), int, wdt(self)
        sys.modules["time"].sleep = self.sleep
        self.happen()

    def happen(self):
        while self.events and self.events[0][0] <= self.clock.now_ms:
            self.on(self.events.pop(0)[1])

    def on(self, name):
        if name == "router off":
            self.radio.air.clear()
        elif name == "router on":
            self.radio.air[NETWORK[0]] = NETWORK[1]
        elif name == "other password":
            self.radio.air[NETWORK[0]] = "another one"
        elif name in ("date off", "date on"):
            self.has_date = name == "date on"
        elif name in ("ntp off", "ntp on"):
            self.clock.ntp = 0 if name == "ntp on" else SILENCE
        elif name == "power off":
            raise PowerCut
        else:
            raise ValueError(name)

    def sleep(self, seconds):
        self.clock.wait(int(seconds * 1000))
        self.happen()
        if self.clock.now_ms >= self.end_ms:
            raise Over


def adc(world):
    port = world.clock.port

    class Adc:
        def __init__(self, gpio):
            assert gpio in (range(32, 40) if port == "esp32" else range(26, 29)), "no ADC beside Wi-Fi: GPIO %d" % gpio

        def read_u16(self):
            world.count += 1
            print("reading", world.count, world.clock.now_ms)
            return world.count

    return Adc


def wdt(world):
    class Wdt:
        def __init__(self, timeout):
            assert timeout <= 8388
            self._timeout, self._fed = timeout, world.clock.ticks

        def feed(self):
            passed = world.clock.ticks - self._fed
            assert passed <= self._timeout, "the watchdog bit after %d ms" % passed
            self._fed = world.clock.ticks

    return Wdt


def dated(world, requests):
    """The transport's replies with the simulated time's Date."""
    real = requests.post

    def post(self, *arguments):
        status, found, text = real(self, *arguments)
        found.pop("date", None)
        if world.has_date:
            found["date"] = date(world.clock.now_ms)
        return status, found, text

    requests.post = post


def date(ms):
    import board_clock

    year, month, day, hours, minutes, seconds = board_clock.date_of(ms // 1000)[:6]
    name = "JanFebMarAprMayJunJulAugSepOctNovDec"[month * 3 - 3 : month * 3]
    return "Mon, %02d %s %d %02d:%02d:%02d GMT" % (day, name, year, hours, minutes, seconds)


def forget():
    """What was in RAM is gone. A file that is collected after its filesystem would crash MicroPython."""
    if "blynk_batch.client" in sys.modules:
        for ring in sys.modules["blynk_batch.client"]._open_rings.values():
            ring.medium.close()
    for name in list(sys.modules):
        if name.startswith("blynk_batch") or name in ("config", "main"):
            del sys.modules[name]
    gc.collect()


def start(world):
    """main.py, from a reset to the next power cut or the end."""
    import blynk_batch

    dated(world, blynk_batch.Requests)
    __import__("main")
    raise AssertionError("main.py ended")


def main(port, folder, days, events):
    power_on._leave_the_host()
    power_on.Sys(port).install()
    import flash

    chip = flash.NorFlash(BLOCKS, page_size=256 if port == "rp2" else 1)
    flash.mount(chip, "/", port)
    power_on._install(folder)
    with open(power_on.HOST + events) as f:
        world = World(port, float(days), json.load(f))
    over = False
    while not over:
        try:
            start(world)
        except PowerCut:
            forget()
            flash.umount("/")
            flash.mount(chip, "/", port, format=False)
            world.radio.turn_off()
            world.clock.off(OFF_MS)
        except Over:
            over = True
    forget()
    import blynk_batch
    import config

    client = blynk_batch.Client(config.TOKEN, server=config.SERVER)
    blynk_batch.set_clock()
    print("last", client.upload())
    print("stats", client.stats())


if __name__ == "__main__":
    main(*sys.argv[1:])
