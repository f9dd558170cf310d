"""The words for what a running program may not give, and for a filesystem's errors: each names the value and the rule.

point.py has the rules; this is loaded only where one is broken, or by WiFi, whose rules are here.
"""

_OS_ERRORS = {
    2: "is not there: is its filesystem mounted, and the folder above it made?",
    5: "cannot be read or written: the medium failed or was taken out",
    13: "cannot be used: is it yours, is the disk full, or is a folder in it named as a file of the ring's?",
    19: "is not there: is its filesystem mounted?",
    20: "is not a folder, lies in something that is none, or has a file `log`",
    22: "cannot be used by this filesystem: is it mounted and whole?",
    28: "has no room: the disk is full",
    36: "has a name that is too long for this filesystem",
    30: "cannot be written: the filesystem is mounted read-only",
}
_RULES = {
    "sleep_ms": "whole milliseconds, 0 or more and below 10**13",
    "timestamp": "an int, Unix time in milliseconds, 13 digits",
}


def check_callable(name, value, example):
    if value is not None and not callable(value):
        raise TypeError("%s=%r: must be a function, such as %s, or None" % (name, value, example))


def bad_number(name, value, *kinds):
    rule = _RULES.get(name, "a number of seconds, 0 or more and below 10**9")
    return (ValueError if type(value) in kinds else TypeError)("%s=%r: must be %s" % (name, value, rule))


def bad_pin(pin):
    if isinstance(pin, str) or type(pin) is int:
        return ValueError("pin %r: must be V0 to V255" % (pin,))
    return TypeError("pin %r: must be an int or a str like 'V1'" % (pin,))


def bad_group(values, pin):
    if isinstance(values, dict):
        return ValueError("pin V%d stands twice in the group" % pin)
    return TypeError("values=%r: log_group() takes a dict, such as {1: 21.5, 2: 48}" % (values,))


def bad_value(pin, value):
    if isinstance(value, str):
        size = len(value.encode())
        if size <= 1024:
            return ValueError("pin V%d: the string is no valid UTF-8: %%c, or cutting it, makes such" % pin)
        return ValueError("pin V%d: a string of %d bytes, at most 1024 are taken" % (pin, size))
    if type(value) is int:
        return ValueError("pin V%d: %d does not fit 64 bits" % (pin, value))
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            return ValueError("pin V%d: a location is (longitude, latitude), not %d items" % (pin, len(value)))
        value = value[0] if isinstance(value[0], (str, bool, tuple, list)) else value[1]
        return TypeError("pin V%d: %s is no number for a location" % (pin, type(value).__name__))
    return TypeError("pin V%d: %s is no int, float, bool, str or (lon, lat)" % (pin, type(value).__name__))


def explained(error, path):
    """The OSError with the same number that also says what to do; `error` itself if it has words already."""
    number = error.args[0] if len(error.args) == 1 else 0
    words = _OS_ERRORS.get(number)
    return OSError(number, "%s %s" % (path or "/", words)) if words else error


def check_networks(networks, password, hostname, debug):
    """((ssid, password), ...) of what WiFi takes. ValueError or TypeError, without a password in it, for what it does
    not."""
    if isinstance(networks, str):
        networks = ((networks, password),)
    elif not isinstance(networks, (list, tuple)):
        kind = type(networks).__name__
        raise TypeError("ssid_or_networks: must be a name, or [(ssid, password), ...], not %s" % kind)
    elif password is not None:
        raise TypeError("password: belongs to one ssid; several networks are [(ssid, password), ...]")
    if not networks:
        raise ValueError("ssid_or_networks: at least one network is needed")
    for pair in networks:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise TypeError("ssid_or_networks: each of several must be a pair (ssid, password)")
        if not isinstance(pair[0], str) or not isinstance(pair[1], (str, type(None))):
            raise TypeError("ssid and password: must be str, or None as the password of an open network")
        if not 0 < len(pair[0].encode()) <= 32:
            raise ValueError("ssid %r: must have 1 to 32 bytes" % pair[0])
    if hostname is not None:
        if not isinstance(hostname, str):
            raise TypeError("hostname=%r: must be a str" % (hostname,))
        if not 0 < len(hostname.encode()) <= 32:
            raise ValueError("hostname=%r: must have 1 to 32 bytes" % hostname)
    check_callable("debug", debug, "print")
    return tuple([tuple(pair) for pair in networks])
