"""A simulated board's `network`: the air around it, and the Wi-Fi drivers of ESP32 and Pico W with their faults.

    radio = Radio("esp32", clock)            or "rp2"; `clock` is a BoardClock, or has ticks of its own in ms
    radio.air["a network"] = "a password"    an access point that is on; delete it for one that is off
    radio.install()                          `network` is the board's from here on
    radio.raises["isconnected"] = OSError()  that call raises as long as it stands there

The ESP32's driver goes on trying once connect() was called; connect() while it tries raises. The Pico W's tries once,
and a lost connection is over without a word. Both raise while the interface is down. Runs on MicroPython; knows
nothing of the library.
"""

import sys

JOIN_MS = 3000  # from connect() to a connection or the reason for none
_COMMON = {"STA_IF": 0, "AP_IF": 1}
_STATUS = {
    "esp32": {
        "STAT_IDLE": 1000,
        "STAT_CONNECTING": 1001,
        "STAT_GOT_IP": 1010,
        "STAT_NO_AP_FOUND": 201,
        "STAT_WRONG_PASSWORD": 202,
        "STAT_BEACON_TIMEOUT": 200,
        "STAT_ASSOC_FAIL": 203,
        "STAT_HANDSHAKE_TIMEOUT": 204,
    },
    "rp2": {
        "STAT_IDLE": 0,
        "STAT_CONNECTING": 1,
        "STAT_WRONG_PASSWORD": -3,
        "STAT_NO_AP_FOUND": -2,
        "STAT_CONNECT_FAIL": -1,
        "STAT_GOT_IP": 3,
    },
}


class Radio:
    """
    calls    names of the drivers' methods in the order in which they were called, `status` and `isconnected` left out
    asked    [ssid] of each connect()
    silent   a wrong password shows as an attempt that goes on, as it does with some routers
    stuck    a connection that is gone still shows, as on a Pico W at times, until somebody ends it
    sticks   once an attempt has failed, all do, until somebody switches the interface off
    leaving_ms  how long an ESP32's disconnect() goes on after its return; connect() raises meanwhile
    """

    def __init__(self, port, clock):
        self.port, self.clock = port, clock
        self.air = {}
        self.raises = {}
        self.calls = []
        self.asked = []
        self.silent = self.stuck = self.sticks = False
        self.leaving_ms = 0
        self.name = None
        self.stations = 0
        self.turn_off()

    def turn_off(self):
        """What a reset leaves."""
        self.active = self.trying = self.up = self.failed = False
        self.wanted = None
        self.since = 0
        self.reason = 0
        self.left = 0

    def install(self):
        sys.modules["network"] = Network(self)

    def poll(self):
        """Let the driver do what it has done meanwhile."""
        status = _STATUS[self.port]
        ssid, password = self.wanted or (None, None)
        if self.up and not self.stuck and self.air.get(ssid, self) != password:
            self.up = False
            self.reason = status["STAT_BEACON_TIMEOUT"] if self.port == "esp32" else status["STAT_IDLE"]
            self.trying, self.since = self.port == "esp32", self.clock.ticks
        if not self.trying or self.clock.ticks - self.since < JOIN_MS:
            return
        is_here = ssid in self.air and not (self.sticks and self.failed)
        if is_here and self.air[ssid] == password:
            self.up, self.trying, self.reason = True, False, 0
            return
        self.failed = True
        if not is_here:
            self.reason = status["STAT_NO_AP_FOUND"]
        elif not self.silent:
            self.reason = status["STAT_WRONG_PASSWORD"]
        self.trying = self.port == "esp32" or (self.silent and ssid in self.air)

    def status(self):
        status = _STATUS[self.port]
        if self.up:
            return status["STAT_GOT_IP"]
        if self.port == "rp2":
            return status["STAT_CONNECTING"] if self.trying else self.reason
        if self.reason in (201, 202):
            return self.reason
        return status["STAT_CONNECTING"] if self.trying else status["STAT_IDLE"]


class Network:
    """The module."""

    def __init__(self, radio):
        self._radio = radio
        for name, value in list(_COMMON.items()) + list(_STATUS[radio.port].items()):
            setattr(self, name, value)

        class OfThisRadio(WLAN):
            def __init__(self, interface):
                super().__init__(radio, interface)

        self.WLAN = OfThisRadio

    def hostname(self, name=None):
        if name is not None:
            self._radio.name = name
        return self._radio.name


class WLAN:
    IF_STA, IF_AP = 0, 1

    def __init__(self, radio, interface):
        assert interface == 0, "a station is asked for"
        self._radio = radio
        radio.stations += 1

    def _called(self, name):
        radio = self._radio
        if name not in ("status", "isconnected"):
            radio.calls.append(name)
        if name in radio.raises:
            raise radio.raises[name]
        radio.poll()
        return radio

    def active(self, on=None):
        radio = self._called("active")
        if on is not None:
            if not on:
                radio.turn_off()
            radio.active = on
        return radio.active

    def connect(self, ssid, key=None):
        radio = self._called("connect")
        if not radio.active:
            raise OSError("Wifi Not Started" if radio.port == "esp32" else 1)
        if radio.port == "esp32" and (radio.trying or radio.clock.ticks < radio.left):
            raise OSError("Wifi Internal Error")
        radio.asked.append(ssid)
        radio.wanted = (ssid, key)
        radio.trying, radio.since, radio.up = True, radio.clock.ticks, False
        if radio.port == "rp2":
            radio.reason = 0

    def disconnect(self):
        radio = self._called("disconnect")
        if not radio.active:
            raise OSError("Wifi Not Started" if radio.port == "esp32" else 1)
        if radio.trying or radio.up:
            radio.left = radio.clock.ticks + radio.leaving_ms
        radio.trying = radio.up = False
        radio.reason = 0

    def isconnected(self):
        radio = self._called("isconnected")
        if not radio.active:
            raise OSError("Wifi Not Started" if radio.port == "esp32" else 5)
        return radio.up

    def status(self, what=None):
        radio = self._called("status")
        if what is None:
            return radio.status()
        if not radio.up:
            raise OSError("not connected")
        return -61

    def ifconfig(self):
        self._called("ifconfig")
        return ("192.168.1.20" if self._radio.up else "0.0.0.0", "255.255.255.0", "192.168.1.1", "192.168.1.1")
