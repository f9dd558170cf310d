"""WiFi over both drivers and their faults: it never waits, never raises, comes back by itself, and says each change."""

import sys

import blynk_batch
from board_clock import BoardClock
from board_radio import Radio

HEAP = "1m"
NOW_MS = 1795000000000
PORTS = ("esp32", "rp2")
MINUTE = 60000
NETWORKS = [("home", "secret123"), ("field", "password2")]


class World:
    """A board with a clock and a radio, and the lines that its WiFi said."""

    def __init__(self, port, air=None, *arguments, **options):
        self.port = port
        self.clock = BoardClock(port, NOW_MS)
        self.clock.install()
        self.radio = Radio(port, self.clock)
        self.radio.air = {"home": "secret123"} if air is None else air
        self.radio.install()
        sys.modules.pop("blynk_batch.wifi", None)
        self.lines = []
        wifi = __import__("blynk_batch.wifi", None, None, ("WiFi",))
        self.wifi = wifi.WiFi(*(arguments or ("home", "secret123")), debug=self.lines.append, **options)

    def online(self):
        """One call, which takes no time."""
        before = self.clock.ticks
        found = self.wifi.online()
        assert self.clock.ticks == before, "it waited"
        return found

    def live(self, ms, every_ms=1000):
        """Call online() again and again for so long; the last answer."""
        found = None
        for _ in range(ms // every_ms):
            self.clock.wait(every_ms)
            found = self.online()
        return found

    def pauses(self, seconds):
        """Seconds from each attempt that begins within the next `seconds` to the one after it."""
        begun = []
        for second in range(seconds):
            before = len(self.radio.asked)
            self.live(1000)
            if len(self.radio.asked) > before:
                begun.append(second)
        return [b - a for a, b in zip(begun, begun[1:])]


def test_it_connects_and_says_so_with_address_and_signal():
    for port in PORTS:
        world = World(port)
        assert world.online() is False
        assert world.live(10000) is True
        assert world.lines == ["Wi-Fi: 'home': connecting", "Wi-Fi: connected as 192.168.1.20, signal -61 dBm"]
        assert world.radio.asked == ["home"]


def test_nothing_touches_the_driver_before_the_first_call():
    world = World("rp2")
    assert world.radio.stations == 0 and world.radio.calls == []


def test_it_comes_back_when_the_router_starts_after_the_board_and_when_it_restarts():
    for port in PORTS:
        for every_ms in (1000, MINUTE):
            world = World(port, {})
            assert not world.live(10 * MINUTE, every_ms)
            world.radio.air["home"] = "secret123"
            assert world.live(5 * MINUTE, every_ms), (port, every_ms, world.lines)
            for _ in range(3):
                del world.radio.air["home"]
                assert not world.live(4 * MINUTE, every_ms)
                world.radio.air["home"] = "secret123"
                assert world.live(5 * MINUTE, every_ms), (port, every_ms, world.lines)
            assert (
                world.lines
                == [
                    "Wi-Fi: 'home': connecting",
                    "Wi-Fi: 'home': no such network in reach",
                    "Wi-Fi: connected as 192.168.1.20, signal -61 dBm",
                ]
                + [
                    "Wi-Fi: connection lost",
                    "Wi-Fi: 'home': connecting",
                    "Wi-Fi: 'home': no such network in reach",
                    "Wi-Fi: connected as 192.168.1.20, signal -61 dBm",
                ]
                * 3
            ), (port, world.lines)


def test_the_pauses_grow_from_five_seconds_to_160():
    world = World("rp2", {})
    pauses = world.pauses(1500)
    assert pauses[:6] == [5, 10, 20, 40, 80, 160] and set(pauses[6:]) == {160}, pauses


def test_a_wrong_password_is_said_once_and_the_right_one_is_taken_when_the_router_has_it():
    for port in PORTS:
        world = World(port, {"home": "another one"})
        assert not world.live(30 * MINUTE)
        assert world.lines == ["Wi-Fi: 'home': connecting", "Wi-Fi: 'home': wrong password"]
        assert not [line for line in world.lines if "secret123" in line]
        world.radio.air["home"] = "secret123"
        assert world.live(4 * MINUTE)


def test_an_attempt_that_goes_on_without_a_word_is_named_within_a_minute():
    for port in PORTS:
        world = World(port, {"home": "another one"})
        world.radio.silent = True
        assert not world.live(MINUTE, MINUTE // 2)
        words = "Wi-Fi: 'home': no connection after 20 s: is the password right, the signal strong enough?"
        assert world.lines == ["Wi-Fi: 'home': connecting", words], world.lines


def test_of_several_networks_it_takes_the_one_in_reach():
    for port in PORTS:
        world = World(port, {"field": "password2"}, NETWORKS + [("open", None)])
        assert world.live(MINUTE)
        assert world.radio.asked == ["home", "field"]
        del world.radio.air["field"]
        world.radio.air["open"] = None
        assert world.live(2 * MINUTE), world.lines
        assert world.radio.wanted == ("open", None)


def test_a_driver_that_raises_ends_nothing():
    for port in PORTS:
        for name in ("isconnected", "connect", "active", "status", "disconnect", "ifconfig"):
            world = World(port)
            world.radio.raises[name] = OSError("Wifi Unknown Error 0x0101") if name != "status" else RuntimeError("x")
            world.live(5 * MINUTE)
            assert len(world.lines) <= 3, world.lines
            if name in ("connect", "active"):
                assert "the driver refuses: OSError('Wifi Unknown Error 0x0101'" in world.lines[1], world.lines
            world.radio.raises.clear()
            assert world.live(4 * MINUTE), (port, name, world.lines)


def test_a_connect_that_is_refused_while_disconnect_goes_on_is_made_again_at_once():
    world = World("esp32", {})
    world.radio.leaving_ms = 200
    pauses = world.pauses(400)
    assert pauses == [5, 10, 20, 40, 80, 160], pauses
    world.radio.air["home"] = "secret123"
    assert world.live(4 * MINUTE)
    expected = ["connecting", "no such network in reach"]
    assert world.lines[:2] == ["Wi-Fi: 'home': " + words for words in expected] and len(world.lines) == 3, world.lines


def test_a_debug_that_raises_costs_nothing():
    for port in PORTS:
        world = World(port)
        world.wifi._debug = lambda line: 1 // 0
        assert world.online() is False
        assert world.live(10000) is True
        world.radio.air = {}
        assert world.live(600000) is False
        world.radio.air = {"home": "secret123"}
        assert world.live(400000) is True
        world.wifi.off()


def test_an_interface_that_somebody_took_down_is_brought_up_again():
    for port in PORTS:
        world = World(port)
        assert world.live(10000)
        world.radio.turn_off()
        assert not world.online()
        assert world.live(10000), world.lines
        assert "Wi-Fi: connection lost" in world.lines


def test_off_ends_a_connection_that_the_driver_alone_believes_in():
    for port in PORTS:
        world = World(port)
        world.live(10000)
        world.radio.stuck = True
        world.radio.air = {}
        assert world.live(MINUTE)
        world.wifi.off()
        assert not world.live(MINUTE)
        world.radio.air = {"home": "secret123"}
        assert world.live(MINUTE)


def test_a_driver_on_which_all_attempts_fail_behind_one_is_switched_off_and_on_again():
    for port in PORTS:
        for networks in (NETWORKS[:1], NETWORKS):
            world = World(port, {}, networks)
            world.radio.sticks = True
            assert not world.live(30 * MINUTE)
            world.radio.air[networks[-1][0]] = networks[-1][1]
            assert world.live(4 * MINUTE), world.lines


def test_a_connect_of_the_programs_own_while_it_is_trying_does_no_harm():
    world = World("esp32", {})
    world.online()
    try:
        sys.modules["network"].WLAN(0).connect("home", "secret123")
        raise AssertionError("the stand-in's driver must refuse")
    except OSError:
        pass
    world.radio.air["home"] = "secret123"
    assert world.live(MINUTE)


def test_it_takes_over_a_connection_that_a_soft_reset_left():
    world = World("esp32")
    world.live(10000)
    again = World("esp32")
    again.radio.active = again.radio.up = True
    again.radio.wanted = ("home", "secret123")
    assert again.online() and again.radio.asked == []


def test_off_switches_it_off_and_the_next_call_on_again():
    for port in PORTS:
        world = World(port)
        assert world.live(10000)
        world.wifi.off()
        assert not world.radio.active
        world.wifi.off()
        assert not world.online()
        assert world.live(10000)


def test_wait_feeds_the_watchdog_and_ends_with_the_connection_or_the_time():
    for port in PORTS:
        world = World(port)
        fed = []
        assert world.wifi.wait(15, watchdog=lambda fed=fed, clock=world.clock: fed.append(clock.ticks)) is True
        assert 20 < len(fed) < 60 and max(b - a for a, b in zip(fed, fed[1:])) <= 200
        world = World(port, {})
        start = world.clock.ticks
        assert world.wifi.wait(15) is False
        assert 15000 <= world.clock.ticks - start <= 15200
        assert world.wifi.wait(0) is False


def test_a_wait_that_ends_before_the_attempt_does_says_so_once():
    for port in PORTS:
        world = World(port, {"home": "another one"})
        world.radio.silent = True
        assert world.wifi.wait(0) is False and world.wifi.wait(2) is False
        assert world.lines == ["Wi-Fi: 'home': connecting"]
        assert world.wifi.wait(10) is False and world.wifi.wait(5) is False
        words = "Wi-Fi: 'home': no connection after 10 s: is the password right, the signal strong enough?"
        assert world.lines == ["Wi-Fi: 'home': connecting", words], world.lines


def test_a_board_that_asks_seldom_gets_over_the_wrap_of_its_ticks():
    for port in PORTS:
        world = World(port, {})
        for _ in range(5):
            world.clock.wait(5 * 86400000)
            world.online()
        world.radio.air["home"] = "secret123"
        world.clock.wait(5 * 86400000)
        world.online()
        assert world.live(3 * MINUTE), port


def test_the_hostname_is_set_and_silence_is_possible():
    world = World("rp2", None, "home", "secret123", hostname="greenhouse")
    world.wifi._debug = None
    assert world.live(10000) and world.radio.name == "greenhouse"
    assert world.lines == []


def test_a_hostname_that_the_firmware_refuses_costs_no_connection():
    def hostname(name):
        raise ValueError

    for port in PORTS:
        world = World(port, None, "home", "secret123", hostname="a greenhouse at the end")
        sys.modules["network"].hostname = hostname
        assert world.live(10000), world.lines
        assert world.lines[0] == "Wi-Fi: the firmware does not take hostname 'a greenhouse at the end': ValueError()"


def test_a_firmware_without_wifi_says_so_at_once():
    for module in (None, type("Network", (), {})()):
        if module:
            sys.modules["network"] = module
        try:
            blynk_batch.WiFi("home", "secret123")
        except blynk_batch.Error as e:
            assert "no Wi-Fi" in str(e)
        else:
            raise AssertionError("it was made")


def test_it_loads_neither_ring_nor_upload():
    World("rp2").live(10000)
    loaded = [name.split(".")[1] for name in sys.modules if name.startswith("blynk_batch.")]
    assert not set(loaded) - {"wifi", "networks", "words"}, loaded  # the last two stay where the heap is large
