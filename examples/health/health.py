"""How the station itself is: what it could not deliver yet or had to drop, and what it lives on."""

import gc

import config
import machine
import network

_WLAN = network.WLAN(network.STA_IF)
_BATTERY = machine.ADC(machine.Pin(config.BATTERY_GPIO))


def signal():
    """dBm, or None without a connection."""
    try:
        return _WLAN.status("rssi")
    except Exception:
        return None


def read(client, watchdog):
    """{pin: value} for log_group()."""
    stats = client.stats(watchdog=watchdog)  # a large backlog takes seconds to look through while the clock is not set
    return {
        config.PENDING: stats["pending"],
        config.DROPPED: stats["dropped"],
        config.CORRUPT: stats["corrupt"],
        config.BATTERY: round(_BATTERY.read_u16() * 3.3 / 65535 * config.BATTERY_DIVIDER, 2),
        config.SIGNAL: signal(),
        config.HEAP_FREE: gc.mem_free(),
        config.LAST_ERROR: stats["last_error"] or "none",
    }
