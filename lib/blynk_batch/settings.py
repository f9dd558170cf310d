"""Checks the settings of a client or ring before anything is opened; each error names the setting and the rule."""


def split(url):
    """(scheme, host with port, path and query) of a URL."""
    at = url.find("://")
    if at < 0:
        return "", "", ""
    rest = url[at + 3 :]
    end = len(rest)
    for char in "/?#":
        found = rest.find(char)
        if 0 <= found < end:
            end = found
    return url[:at].lower(), rest[:end].lower(), rest[end:]


def check_server(server):
    """`server` without a trailing slash. ValueError unless it is http:// or https:// and a host."""
    scheme, host, path = split(server) if isinstance(server, str) else ("", "", "")
    if scheme not in ("http", "https") or not host or path.strip("/") or "@" in host:
        raise ValueError('server %r: must be like "https://blynk.cloud"' % (server,))
    return "%s://%s" % (scheme, host)


def check_token(token):
    """ValueError, without the token in it, unless it can stand in a URL."""
    if not isinstance(token, str) or not token:
        raise ValueError("token: must be the device's auth token, a str")
    for char in token:
        if not (char.isalpha() or char.isdigit() or char in "-_"):
            raise ValueError("token: only letters, digits, - and _ are in an auth token")


def check_least(name, value, limit):
    if not isinstance(value, int):
        raise TypeError("%s=%r: must be an int" % (name, value))
    if value < limit:
        raise ValueError("%s=%d: at least %d" % (name, value, limit))


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
