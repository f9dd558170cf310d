"""Stands in for a board's `network`: an access point that takes one password and is there when the script says so.

    network.WLAN.script = [False, False, True]   what isconnected() finds in turn, then the last for ever; None: Ctrl-C
"""

STA_IF = 0
ACCESS_POINT = ("a network", "a password")
reached = False


class WLAN:
    script = (True,)
    IF_STA = STA_IF

    def __init__(self, interface):
        assert interface == STA_IF
        self._active = self._knows = False
        self._asked = 0

    def active(self, active):
        self._active = active

    def connect(self, ssid, password):
        assert self._active, "active(True) comes first"
        self._knows = (ssid, password) == ACCESS_POINT

    def isconnected(self):
        found = self.script[min(self._asked, len(self.script) - 1)]
        self._asked += 1
        if found is None:
            raise KeyboardInterrupt
        global reached
        reached = self._knows and found
        return reached

    def status(self, what):
        assert what == "rssi"
        return -61
