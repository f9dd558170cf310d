"""What may be given to a client or a ring, and the words for what may not: each names the argument and the rule.

Settings are checked before anything is opened. What is logged is checked in point.py, which comes here for the words,
as do the files for those of a filesystem's errors. Nothing of this stays in the heap where all is right.
"""

import os
import sys

_OS_ERRORS = {
    2: "is not there: is its filesystem mounted, and the folder above it made?",
    5: "cannot be read or written: the medium failed or was taken out",
    19: "is not there: is its filesystem mounted?",
    20: "is not a folder, or lies in something that is none",
    22: "cannot be used by this filesystem: is it mounted and whole?",
    28: "has no room: the disk is full",
    30: "cannot be written: the filesystem is mounted read-only",
}


def check_server(server):
    """`server` without a trailing slash. ValueError unless it is http:// or https://, a host and perhaps a port."""
    scheme, _, place = (server if isinstance(server, str) else "").lower().rstrip("/").partition("://")
    host, colon, port = place.partition(":")
    if scheme in ("http", "https") and host and (port.isdigit() or not colon):
        if not [byte for byte in b"/?#@[ " if byte in host.encode()]:
            return "%s://%s" % (scheme, place)
    raise ValueError('server %r: must be like "https://blynk.cloud"' % (server,))


def check_token(token):
    """ValueError, without the token in it, unless it can stand in a URL."""
    if not isinstance(token, str) or not token:
        raise ValueError("token: must be the device's auth token, a str")
    for byte in token.encode():  # MicroPython would keep every character of a str for good
        if not (48 <= byte < 58 or 65 <= byte & 0xDF < 91 or byte in b"-_"):
            raise ValueError("token: only letters, digits, - and _ are in an auth token")


def check_least(name, value, limit):
    if not isinstance(value, int):
        raise TypeError("%s=%r: must be an int" % (name, value))
    if value < limit:
        raise ValueError("%s=%d: at least %d" % (name, value, limit))


def check_folder(path, capacity_bytes, commit_every, tails, tail_bytes):
    """The absolute path, without a slash at its end. ValueError or TypeError for what FileRing does not take."""
    if not path or not isinstance(path, str):
        raise ValueError("path=%r: a folder, such as '/readings'" % (path,))
    if capacity_bytes is not None:
        check_least("capacity_bytes", capacity_bytes, 3 * 4096)
    check_least("commit_every", commit_every, 1)
    check_least("tails", tails, 1)
    check_least("tail_bytes", tail_bytes, 60)
    absolute = _absolute(path)
    if absolute in [_absolute(place) + "/blynk_batch" for place in sys.path]:
        raise ValueError("path=%r: MicroPython would import that folder instead of the library" % path)
    return absolute


def _absolute(path):
    parts = []
    for part in (path if path.startswith("/") else os.getcwd() + "/" + path).split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def check_networks(networks, password, hostname, debug):
    """((ssid, password), ...) of what WiFi takes. ValueError or TypeError, without a password in it, for what it does
    not."""
    if isinstance(networks, str):
        networks = ((networks, password),)
    elif password is not None:
        raise TypeError("password: belongs to one ssid; several networks are [(ssid, password), ...]")
    if not isinstance(networks, (list, tuple)):
        raise TypeError("ssid_or_networks: must be a name, or [(ssid, password), ...], not %s" % _kind(networks))
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
        if not 0 < len(hostname) <= 32:
            raise ValueError("hostname=%r: must have 1 to 32 characters" % hostname)
    check_callable("debug", debug, "print")
    return tuple([tuple(pair) for pair in networks])


def _kind(value):
    return type(value).__name__


def check_callable(name, value, example):
    if value is not None and not callable(value):
        raise TypeError("%s=%r: must be a function, such as %s, or None" % (name, value, example))


def check_wait(timeout_s, watchdog):
    """ValueError or TypeError for a `timeout_s` or a `watchdog` that cannot be one."""
    check_seconds("timeout_s", timeout_s)
    check_callable("watchdog", watchdog, "wdt.feed")


def check_seconds(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("%s=%r: must be a number of seconds" % (name, value))
    if not 0 <= value < 1e9:
        raise ValueError("%s=%r: must be 0 or more seconds" % (name, value))


def check_limits(settings):
    """ValueError for the first limit in the dict that cannot be right."""
    for name, least in (("batch_points", 1), ("batch_bytes", 4096)):
        value = settings[name]
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError("%s=%r: must be an int of at least %d" % (name, value, least))
    for name in ("points_per_day", "max_age_days"):
        value = settings[name]
        if value is not None and (not isinstance(value, (int, float)) or not value > 0):
            raise ValueError("%s=%r: must be a positive number, or None for no limit" % (name, value))
    if settings["unsynced"] not in ("estimate", "drop"):
        raise ValueError("unsynced=%r: must be 'estimate' or 'drop'" % (settings["unsynced"],))


def bad_sleep(sleep_ms):
    kind = ValueError if isinstance(sleep_ms, int) and not isinstance(sleep_ms, bool) else TypeError
    return kind("sleep_ms=%r: must be whole milliseconds, 0 or more" % (sleep_ms,))


def bad_pin(pin):
    if isinstance(pin, str) or (isinstance(pin, int) and not isinstance(pin, bool)):
        return ValueError("pin %r: must be V0 to V255" % (pin,))
    return TypeError("pin %r: must be an int or a str like 'V1'" % (pin,))


def bad_value(pin, value):
    if isinstance(value, str):
        size = len(value.encode())
        if size <= 1024:
            return ValueError("pin V%d: the string is no valid UTF-8: %%c, or cutting it, makes such" % pin)
        return ValueError("pin V%d: a string of %d bytes, at most 1024 are taken" % (pin, size))
    if isinstance(value, int):
        return ValueError("pin V%d: %d does not fit 64 bits" % (pin, value))
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            return ValueError("pin V%d: a location is (longitude, latitude), not %d items" % (pin, len(value)))
        value = value[0] if isinstance(value[0], (str, bool, tuple, list)) else value[1]
        return TypeError("pin V%d: %s is no number for a location" % (pin, type(value).__name__))
    return TypeError("pin V%d: %s is no int, float, bool, str or (lon, lat)" % (pin, type(value).__name__))


def bad_timestamp(timestamp):
    if isinstance(timestamp, bool) or not isinstance(timestamp, int):
        return TypeError("timestamp %r: must be an int, Unix time in milliseconds" % (timestamp,))
    return ValueError("timestamp %d: must be Unix time in milliseconds, 13 digits" % timestamp)


def explained(error, path):
    """The OSError with the same number that also says what to do; `error` itself if it has words already."""
    number = error.args[0] if len(error.args) == 1 else 0
    words = _OS_ERRORS.get(number)
    return OSError(number, "%s %s" % (path or "/", words)) if words else error
