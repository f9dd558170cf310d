"""What may be stored: pins V0-V255, values that arrive as they were logged, timestamps in milliseconds.

Pure checks before anything reaches the ring; knows nothing of it. words.py has the words for what is refused.
"""

from micropython import const

_INT_LIMIT = const(1 << 63)
FIRST_MS = const(1000000000000)  # 2001-09-09: what is smaller was meant in seconds
LAST_MS = const(10000000000000)  # 2286-11-20; no sleep is longer


def pin_number(pin):
    """0-255 for 7, "V7" or "v7". TypeError or ValueError for anything else."""
    number = pin
    if isinstance(pin, str) and pin[:1] in ("V", "v") and pin[1:].isdigit():
        number = int(pin[1:])
    if type(number) is int and 0 <= number < 256:
        return number
    from .words import bad_pin

    raise bad_pin(pin)


def check_value(pin, value):
    """`value` as it is stored, or None where there is no reading: None, NaN and the infinities.

    int within 64 bits, finite float, bool, str up to 1024 bytes of valid UTF-8, (lon, lat) of two finite numbers."""
    if type(value) is float:
        return value if value - value == 0 else None  # NaN and infinities give NaN
    if value is None or isinstance(value, bool):
        return value
    if type(value) is int:
        if -_INT_LIMIT <= value < _INT_LIMIT:
            return value
    elif isinstance(value, str):
        data = value.encode()
        if len(data) <= 1024 and (not data or max(data) < 128 or _is_utf8(data)):
            return value
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        lon, lat = value
        if not isinstance(lon, (str, bool, tuple, list)) and not isinstance(lat, (str, bool, tuple, list)):
            lon, lat = check_value(pin, lon), check_value(pin, lat)
            return None if lon is None or lat is None else (lon, lat)
    from .words import bad_value

    raise bad_value(pin, value)


def check_seconds(name, value, watchdog=None):
    """TypeError or ValueError unless `value` is a number of seconds, and `watchdog` None or a function."""
    if type(value) in (int, float) and 0 <= value < 1000000000:
        if watchdog is None or callable(watchdog):
            return
    from . import words

    words.check_callable("watchdog", watchdog, "wdt.feed")
    raise words.bad_number(name, value, int, float)


def _is_utf8(data):
    """No lone byte, cut character, surrogate or overlong form: MicroPython makes strings of all of these. RFC 3629."""
    left = low = high = 0
    for byte in data:
        if left:
            if not low <= byte <= high:
                return False
            left -= 1
            low, high = 0x80, 0xBF
        elif byte >= 0x80:
            left = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
            if not 0xC2 <= byte <= 0xF4:
                return False
            low = 0xA0 if byte == 0xE0 else 0x90 if byte == 0xF0 else 0x80
            high = 0x9F if byte == 0xED else 0x8F if byte == 0xF4 else 0xBF
    return not left


def check_ms(name, value, least=0):
    """TypeError or ValueError unless it is None or whole milliseconds, `least` or more of them."""
    if value is not None and (type(value) is not int or not least <= value < LAST_MS):
        from .words import bad_number

        raise bad_number(name, value, int)
