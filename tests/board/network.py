"""Stands in for a board's `network`: an access point that takes one password and is there when the script says so.

    network.WLAN.script = [False, False, True]   what isconnected() finds in turn, then the last for ever; None: Ctrl-C

tools/sim/board_radio.py has the drivers' habits.
"""

STA_IF = 0
ACCESS_POINT = ("a network", "a password")
reached = False


class WLAN:
    script = (True,)
    IF_STA = STA_IF
    _active = _knows = False
    _asked = 0

    def __init__(self, interface):
        assert interface == STA_IF

    def active(self, active):
        WLAN._active = active

    def connect(self, ssid, password):
        assert self._active, "active(True) comes first"
        WLAN._knows = (ssid, password) == ACCESS_POINT

    def disconnect(self):
        WLAN._knows = False

    def isconnected(self):
        found = self.script[min(self._asked, len(self.script) - 1)]
        WLAN._asked += 1
        if found is None:
            raise KeyboardInterrupt
        global reached
        reached = self._knows and found
        return reached

    def status(self, what=None):
        if not reached:
            raise OSError("not connected")
        return -61 if what else 3

    def ifconfig(self):
        return ("192.168.1.20", "255.255.255.0", "192.168.1.1", "192.168.1.1")
