"""The board's Wi-Fi, kept connected without ever waiting for it. Knows both drivers' habits; no ring and no upload.

An ESP32's driver goes on trying by itself, connect() raises meanwhile, and status() may show an older failure. On a
Pico W an attempt that failed is over, and so is a lost connection, without a word. On both isconnected() can raise
while the interface is down. So every attempt begins with disconnect(), behind a failed one with the interface off, and
ends by what status() says or after 20 s, and once all networks were tried, the next round follows after a pause that
grows.
"""

import time

from micropython import const

from . import let_go, load

_SETTLE_MS = const(3000)  # before that status() may speak of the attempt before
_ATTEMPT_MS = const(20000)
_FIRST_MS = const(5000)  # from one round to the next
_LONGEST_MS = const(160000)
_SILENT = const("no connection after %d s: is the password right, the signal strong enough?")
_FAILURES = const(
    (
        ("STAT_WRONG_PASSWORD", "wrong password"),
        ("STAT_HANDSHAKE_TIMEOUT", "wrong password, or the signal is weak"),
        ("STAT_NO_AP_FOUND", "no such network in reach"),
        ("STAT_NO_AP_FOUND_W_COMPATIBLE_SECURITY", "its kind of security is not this board's"),
        ("STAT_CONNECT_FAIL", "it refuses the connection"),
        ("STAT_ASSOC_FAIL", "it refuses the connection"),
    )
)


class WiFi:
    """Connects to the network `ssid_or_networks` with `password` (None: an open one), or to whichever of several
    [(ssid, password), ...] is in reach, and does so again whenever the connection is lost.

    hostname   what the board is called in the network, 1 to 32 bytes; None: the firmware's name
    debug      called with one line of text for each change, such as print; None: silent

    Country and power management are the caller's: network.country(), network.WLAN(0).config(pm=...). ValueError or
    TypeError for a bad argument, Error if the firmware has no Wi-Fi."""

    def __init__(self, ssid_or_networks, password=None, *, hostname=None, debug=print):
        self._networks = load("words", "check_networks")(ssid_or_networks, password, hostname, debug)
        let_go("words")
        try:
            import network

            network.WLAN  # noqa: B018 - an Ethernet board's has none
        except (ImportError, AttributeError):
            from .errors import Error

            raise Error("this firmware has no Wi-Fi: take the one for a board with Wi-Fi, such as RPI_PICO_W")
        self._module = network
        self._hostname, self._debug = hostname, debug
        self._wlan = None
        self._begin_anew()

    def _begin_anew(self):
        self._index = -1  # the network of the attempt under way; -1: none was made
        self._started = time.ticks_ms()
        self._pause_ms = 0
        self._up = self._refused = False
        self._told = {}

    def online(self):
        """True if there is a connection. Returns at once: where there is none, it begins an attempt or looks how the
        one under way does. Raises nothing; call it in each round of the program."""
        try:
            return self._step()
        except Exception as e:  # noqa: BLE001 - a driver may raise anything, and a program must go on
            self._refused = True
            try:
                self._tell("the driver refuses: %r" % e)
            except MemoryError:  # nor is there room to say so
                pass
            return False

    def wait(self, timeout_s, watchdog=None):
        """Wait up to `timeout_s` seconds for a connection; True if there is one. `watchdog` is called ten times a
        second."""
        from .point import check_seconds

        check_seconds("timeout_s", timeout_s, watchdog)
        left_ms = int(timeout_s * 1000)
        while not self.online():
            if left_ms <= 0:
                if timeout_s * 1000 >= _SETTLE_MS and self._told.get(self._index) == "connecting":
                    self._tell(_SILENT % timeout_s)
                return False
            if watchdog:
                watchdog()
            time.sleep_ms(100)
            left_ms -= 100
        return True

    def off(self):
        """Switch the Wi-Fi off, before a sleep or to save power. The next online() or wait() switches it on again."""
        for name, *arguments in (("disconnect",), ("active", False), ("deinit",)):
            self._ask(name, *arguments)
        self._wlan = None
        self._begin_anew()

    def _ask(self, name, *arguments):
        """What the driver answers, None if it raises or has no such method."""
        try:
            return getattr(self._wlan, name)(*arguments)
        except Exception:  # noqa: BLE001 - see online()
            return None

    def _say(self, text):
        try:
            if self._debug:
                self._debug("Wi-Fi: " + text)
        except Exception:  # noqa: BLE001 - it only looks on
            pass

    def _tell(self, text):
        """Say how the attempt goes, once until that changes."""
        if self._told.get(self._index) != text:
            self._told[self._index] = text
            self._say("%r: %s" % (self._networks[max(0, self._index)][0], text))

    def _step(self):
        module = self._module
        if not self._wlan:
            if self._hostname and hasattr(module, "hostname"):
                try:
                    module.hostname(self._hostname)
                except Exception as e:  # noqa: BLE001 - it may be too long for an older one
                    self._say("the firmware does not take hostname %r: %r" % (self._hostname, e))
            self._wlan = module.WLAN(module.WLAN.IF_STA if hasattr(module.WLAN, "IF_STA") else module.STA_IF)
        if self._ask("isconnected"):
            if not self._up:
                self._connected()
            return True
        passed = time.ticks_diff(time.ticks_ms(), self._started)
        if passed < 0:
            passed = _LONGEST_MS  # not asked for so long that the ticks wrapped
        if self._up:
            self._begin_anew()
            self._say("connection lost")
        elif self._index >= 0:
            failure = self._failure() if passed >= _SETTLE_MS else None
            if not failure and passed < _ATTEMPT_MS and not self._refused:
                return False
            if not self._refused:
                self._tell(failure or _SILENT % 20)
            if self._index + 1 >= len(self._networks) and passed < self._pause_ms:
                return False
        self._begin()
        return False

    def _begin(self):
        """The next attempt: with the next network, or the first after all others."""
        self._ask("disconnect")
        if self._index >= 0:  # on some drivers all that follows a failure fails, until then
            self._ask("active", False)
        self._index = index = (self._index + 1) % len(self._networks)
        if not index:
            self._pause_ms = min(_LONGEST_MS, self._pause_ms * 2 or _FIRST_MS)
        self._started = time.ticks_ms()
        if index not in self._told:
            self._tell("connecting")
        self._refused = False
        try:
            self._connect()
        except Exception:  # noqa: BLE001 - an ESP32 refuses while disconnect() goes on: from the start, then
            self._ask("active", False)
            self._connect()

    def _connect(self):
        self._wlan.active(True)
        self._wlan.connect(*self._networks[self._index])

    def _failure(self):
        """Why the attempt under way failed, or None as long as it may succeed."""
        status = self._ask("status")
        for name, words in _FAILURES:
            if status is not None and status == getattr(self._module, name, None):
                return words

    def _connected(self):
        address = (self._ask("ifconfig") or self._ask("ipconfig", "addr4") or ("?",))[0]
        signal = self._ask("status", "rssi")
        self._say("connected as %s%s" % (address, "" if signal is None else ", signal %s dBm" % signal))
        self._begin_anew()
        self._up = True
