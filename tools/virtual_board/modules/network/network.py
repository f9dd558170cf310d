"""Stands for a board's `network`: every Wi-Fi is there, lets everybody in, and leads to the host's own network."""

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 0, 1, 3


class WLAN:
    IF_STA, IF_AP = STA_IF, AP_IF
    _joined = False  # one radio, however many objects

    def __init__(self, interface_id=STA_IF):
        pass

    def active(self, *new):
        return True

    def connect(self, ssid=None, key=None, **_):
        WLAN._joined = True

    def disconnect(self):
        WLAN._joined = False

    def isconnected(self):
        return WLAN._joined

    def status(self, what=None):
        if what == "rssi":
            return -50
        return STAT_GOT_IP if WLAN._joined else STAT_IDLE

    def ifconfig(self, *_):
        return ("127.0.0.1" if WLAN._joined else "0.0.0.0", "255.0.0.0", "127.0.0.1", "127.0.0.1")

    def config(self, *names, **values):
        return b"\x02virtl" if names == ("mac",) else None

    def scan(self):
        return []


def hostname(*_):
    return "virtual-board"


def country(*_):
    return "XX"
