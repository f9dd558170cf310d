"""How the station itself is: what it could not deliver yet or had to drop, and what it lives on."""

import gc

import config
import machine

_BATTERY = machine.ADC(machine.Pin(config.BATTERY_GPIO))


def read(client, wlan):
    """{pin: value} for log_group()."""
    stats = client.stats()
    return {
        config.PENDING: stats["pending"],
        config.DROPPED: stats["dropped"],
        config.CORRUPT: stats["corrupt"],
        config.BATTERY: round(_BATTERY.read_u16() * 3.3 / 65535 * config.BATTERY_DIVIDER, 2),
        config.SIGNAL: wlan.status("rssi") if wlan.isconnected() else None,
        config.HEAP_FREE: gc.mem_free(),
        config.LAST_ERROR: stats["last_error"] or "none",
    }
