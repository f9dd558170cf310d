"""A DHT22 for temperature and humidity, by the driver in the firmware."""

import config
import dht
import machine

_DHT = dht.DHT22(machine.Pin(config.SENSOR_GPIO))


def read():
    """(degrees Celsius, percent), or None for both if it does not answer: that is counted and not stored."""
    try:
        _DHT.measure()
    except Exception as e:  # OSError for silence, a bare Exception for a wrong checksum
        print("sensor:", e)
        return None, None
    return _DHT.temperature(), _DHT.humidity()
