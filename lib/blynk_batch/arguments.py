"""What may be given to a client or a ring, checked before anything is opened; each error names the argument and the
rule. Nothing of this stays in the heap. What a running program may give is checked in point.py.
"""

import os
import sys

from .errors import Error

_IN_TOKEN = "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def must(is_right, name, value, rule, *kinds):
    """Unless it is right: ValueError for a value of one of the `kinds`, else TypeError."""
    if not is_right:
        raise (ValueError if type(value) in kinds else TypeError)("%s=%r: must be %s" % (name, value, rule))


def check_server(server):
    """`server` without a trailing slash. ValueError unless it is http:// or https://, a host and perhaps a port."""
    scheme, _, place = (server if isinstance(server, str) else "").lower().rstrip("/").partition("://")
    host, colon, port = place.partition(":")
    is_port = port.isdigit() and 0 < int(port) < 65536
    is_right = scheme in ("http", "https") and _is_host(host) and (is_port or not colon)
    must(is_right, "server", server, 'like "https://blynk.cloud"', str)
    return "%s://%s" % (scheme, place)


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


def check_least(name, value, limit, *others):
    """TypeError or ValueError unless `value` is an int of `limit` or more, or one of the `others`."""
    is_right = value in others or type(value) is int and limit <= value < 1000000000
    must(is_right, name, value, "an int of at least %d, and below 10**9" % limit, int)


def check_flags(flags):
    """TypeError unless each of {name: value} is True or False."""
    for name in flags:
        must(isinstance(flags[name], bool), name, flags[name], "True or False")


def check_folder(path, capacity_bytes, overwrite, commit_every, tails, tail_bytes):
    """The absolute path, without a slash at its end. ValueError or TypeError for what FileRing does not take."""
    is_right = isinstance(path, str) and path and "\0" not in path
    must(is_right, "path", path, "a folder's name, such as '/readings'", str)
    check_flags({"overwrite": overwrite})
    check_least("capacity_bytes", capacity_bytes, 3 * 4096, None)
    check_least("commit_every", commit_every, 1)
    check_least("tails", tails, 1)
    check_least("tail_bytes", tail_bytes, 60)
    absolute = _absolute(path)
    if absolute in [_absolute(place) + "/blynk_batch" for place in sys.path]:
        raise ValueError("path=%r: MicroPython would import that folder instead of the library" % path)
    return absolute


def check_device(device, start, flags, commit_every, **others):
    """TypeError or ValueError for what BlockRing does not take."""
    is_device = hasattr(device, "readblocks") and hasattr(device, "ioctl") and not isinstance(device, type)
    must(is_device, "device", device, "a block device, such as an esp32.Partition or an SD card")
    check_least("start", start, 0)
    check_least("commit_every", commit_every, 1)
    for name in others:
        value = others[name]
        check_least(name, value, 1, None)
        if name != "blocks" and value:
            must(not value & (value - 1), name, value, "a power of two", int)
    check_flags(flags)


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
    is_ring = ring is None or hasattr(ring, "medium")
    must(is_ring, "ring", ring, 'a FileRing or a BlockRing, such as FileRing("/readings")')
    posts = transport is None or hasattr(transport, "post") and not isinstance(transport, type)
    must(posts, "transport", transport, "an object with a post() method, such as HTTPS(ca=...)")
    tells = clock is None or hasattr(clock, "now") and hasattr(clock, "uptime")
    must(tells, "clock", clock, "an object with now() and uptime(), or None")
    must(debug is None or callable(debug), "debug", debug, "a function, such as print, or None")
    check_least("batch_points", settings["batch_points"], 1)
    check_least("batch_bytes", settings["batch_bytes"], 4096)
    check_least("points_per_day", settings["points_per_day"], 1, None)
    days = settings["max_age_days"]
    is_right = days is None or type(days) in (int, float) and 0 < days < 100000
    must(is_right, "max_age_days", days, "a number above 0 and below 100000, or None for no limit", int, float)
    regions = settings["regions"]
    settings["regions"] = regions = (regions,) if isinstance(regions, str) else regions
    are_names = isinstance(regions, (tuple, list)) and not [host for host in regions if not isinstance(host, str)]
    is_right = are_names and not [host for host in regions if not _is_host(host)]
    must(is_right, "regions", regions, 'names of hosts, such as ("blynk.cloud",)', are_names and type(regions))
    unsynced = settings["unsynced"]
    must(unsynced in ("estimate", "drop"), "unsynced", unsynced, "'estimate' or 'drop'", type(unsynced))


def check_free(ring, open_rings, closed):
    """Error if another client has the ring, or a part of its place, open, or closed it since `ring` was opened."""
    name, start, end = ring.key
    for key in list(open_rings) + list(closed):
        if key[0] == name and start < key[2] and key[1] < end:
            if key in open_rings and not open_rings[key].failed:
                raise Error("another client has the ring %r open: close() it first" % (name,))
            if closed.get(key, 0) > ring.opened:  # it would write over what that one has left
                raise Error("the ring %r was opened before another client closed it: open it anew" % (name,))
