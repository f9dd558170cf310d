"""The Wi-Fi, switched on for an upload only: sleep switches it off."""

import time

import config
import network


def connect():
    """True once it is there, False after CONNECT_S seconds: the upload then notes the failure and waits its turn."""
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect(config.SSID, config.PASSWORD)
    for _ in range(config.CONNECT_S * 10):
        if wlan.isconnected():
            return True
        time.sleep(0.1)
    return False
