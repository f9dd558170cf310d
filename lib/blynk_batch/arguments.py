"""What may be given to a client or a ring, checked before anything is opened; each error names the argument and the
rule. Nothing of this stays in the heap. What a running program may give is checked in point.py.
"""

import os
import sys

_IN_TOKEN = "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def check_server(server):
    """`server` without a trailing slash. ValueError unless it is http:// or https://, a host and perhaps a port."""
    if not isinstance(server, str):
        raise TypeError('server=%r: must be a str like "https://blynk.cloud"' % (server,))
    scheme, _, place = server.lower().rstrip("/").partition("://")
    host, colon, port = place.partition(":")
    is_port = port.isdigit() and 0 < int(port) < 65536
    if scheme in ("http", "https") and _is_host(host) and (is_port or not colon):
        return "%s://%s" % (scheme, place)
    raise ValueError('server %r: must be like "https://blynk.cloud"' % (server,))


def _is_host(name):
    return "" not in name.split(".") and not name.strip(_IN_TOKEN + ".")


def check_token(token):
    """ValueError, without the token in it, unless it can stand in a URL."""
    if not isinstance(token, str):
        raise TypeError("token: must be the device's auth token, a str, not %s" % type(token).__name__)
    if not token:
        raise ValueError("token: is empty; it must be the device's auth token")
    if token.strip(_IN_TOKEN):  # what is left begins with the first other character
        raise ValueError("token: only letters, digits, - and _ are in an auth token")


def check_least(name, value, limit):
    if type(value) is not int:
        raise TypeError("%s=%r: must be an int" % (name, value))
    if not limit <= value < 1000000000:
        raise ValueError("%s=%d: must be at least %d, and below 10**9" % (name, value, limit))


def check_flags(flags):
    """TypeError unless each of {name: value} is True or False."""
    for name in flags:
        if not isinstance(flags[name], bool):
            raise TypeError("%s=%r: must be True or False" % (name, flags[name]))


def check_folder(path, capacity_bytes, overwrite, commit_every, tails, tail_bytes):
    """The absolute path, without a slash at its end. ValueError or TypeError for what FileRing does not take."""
    if not isinstance(path, str):
        raise TypeError("path=%r: must be a folder's name, such as '/readings'" % (path,))
    if not path or "\0" in path:
        raise ValueError("path=%r: must be a folder's name, such as '/readings'" % path)
    check_flags({"overwrite": overwrite})
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
    """One name for each folder, "" for the root: without "", "." and ".." between slashes."""
    parts = []
    for part in (path if path.startswith("/") else os.getcwd() + "/" + path).split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "".join(["/" + part for part in parts])


def check_limits(settings, ring, transport, clock, debug):
    """TypeError or ValueError for the first of a client's arguments that cannot be right; `regions` as a tuple."""
    if ring is not None and not hasattr(ring, "medium"):
        raise TypeError('ring=%r: must be a FileRing or a BlockRing, such as FileRing("/readings")' % (ring,))
    if transport is not None and (isinstance(transport, type) or not hasattr(transport, "post")):
        raise TypeError("transport=%r: must be an object with a post() method, such as HTTPS(ca=...)" % (transport,))
    if clock is not None and not (hasattr(clock, "now") and hasattr(clock, "uptime")):
        raise TypeError("clock=%r: must be an object with now() and uptime(), or None" % (clock,))
    check_least("batch_points", settings["batch_points"], 1)
    check_least("batch_bytes", settings["batch_bytes"], 4096)
    if settings["points_per_day"] is not None:
        check_least("points_per_day", settings["points_per_day"], 1)
    days = settings["max_age_days"]
    if days is not None and type(days) not in (int, float):
        raise TypeError("max_age_days=%r: must be a number, or None for no limit" % (days,))
    if days is not None and not 0 < days < 100000:
        raise ValueError("max_age_days=%r: must be above 0 and below 100000, or None for no limit" % days)
    regions = settings["regions"]
    settings["regions"] = regions = (regions,) if isinstance(regions, str) else regions
    is_wrong = not isinstance(regions, (tuple, list)) or [host for host in regions if not isinstance(host, str)]
    if is_wrong or [host for host in regions if not _is_host(host)]:
        kind = TypeError if is_wrong else ValueError
        raise kind('regions=%r: must be names of hosts, such as ("blynk.cloud",)' % (regions,))
    if settings["unsynced"] not in ("estimate", "drop"):
        raise ValueError("unsynced=%r: must be 'estimate' or 'drop'" % (settings["unsynced"],))
    if debug is not None:
        from .words import check_callable

        check_callable("debug", debug, "print")
