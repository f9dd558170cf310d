"""What may be stored: pins V0-V255, values that arrive as they were logged, timestamps in milliseconds.

Pure checks before anything reaches the ring; knows nothing of it. Each error names the pin and the rule.
"""

from micropython import const

STRING_BYTES = const(1024)
_PINS = const(256)
_INT_LIMIT = 1 << 63
_FIRST_MS = 1000000000000  # 2001-09-09: what is smaller was meant in seconds
_LAST_MS = 10000000000000  # 2286-11-20


def pin_number(pin):
    """0-255 for 7, "V7" or "v7". TypeError or ValueError for anything else."""
    number = pin
    if isinstance(pin, str):
        number = -1
        if pin[:1] in ("V", "v") and pin[1:].isdigit():
            number = int(pin[1:])
    elif not isinstance(pin, int) or isinstance(pin, bool):
        raise TypeError("pin %r: must be an int or a str like 'V1'" % (pin,))
    if not 0 <= number < _PINS:
        raise ValueError("pin %r: must be V0 to V255" % (pin,))
    return number


def check_value(pin, value):
    """`value` as it is stored, or None where there is no reading: None, NaN and the infinities.

    int within 64 bits, finite float, bool, str up to 1024 UTF-8 bytes, (lon, lat) of two finite numbers."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        size = len(value.encode())
        if size > STRING_BYTES:
            raise ValueError("pin V%d: a string of %d bytes, at most %d are taken" % (pin, size, STRING_BYTES))
        return value
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ValueError("pin V%d: a location is (longitude, latitude), not %d items" % (pin, len(value)))
        lon, lat = _number(pin, value[0]), _number(pin, value[1])
        return None if lon is None or lat is None else (lon, lat)
    return _number(pin, value)


def _number(pin, value):
    if isinstance(value, float):
        return value if value - value == 0 else None  # NaN and infinities give NaN
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("pin V%d: %s is no int, float, bool, str or (lon, lat)" % (pin, type(value).__name__))
    if not -_INT_LIMIT <= value < _INT_LIMIT:
        raise ValueError("pin V%d: %d does not fit 64 bits" % (pin, value))
    return value


def check_timestamp(timestamp):
    """ValueError or TypeError unless it is Unix time in whole milliseconds."""
    if isinstance(timestamp, bool) or not isinstance(timestamp, int):
        raise TypeError("timestamp %r: must be an int, Unix time in milliseconds" % (timestamp,))
    if not _FIRST_MS <= timestamp < _LAST_MS:
        raise ValueError("timestamp %d: must be Unix time in milliseconds, 13 digits" % timestamp)
    return timestamp
