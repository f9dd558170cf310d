"""What may be given to WiFi, and the words for what may not: each names the argument and the rule, none a password."""

from .words import check_callable


def check(networks, password, hostname, debug):
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
