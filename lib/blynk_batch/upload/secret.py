"""The token: to which servers it may go, and how it is kept out of every text.

Knows URLs and strings; no policy, no socket. Loaded with the first fault, redirect or line for `debug`.
"""

from micropython import const

_SERVER_BYTES = const(80)  # as much as the state has room for
_PIECE = const(6)  # characters of the token that tell nothing yet


def server_of(url, home, regions):
    """The server in `url`, or None where the token must not go: `home` is the configured one, and allowed are its host
    and those of `regions`, and what is below them, by https if `home` is."""
    if not isinstance(url, str):
        try:
            url = str(url, "utf-8")
        except UnicodeError:
            return None
    scheme, _, rest = url.lower().partition("://")
    host = rest.split("/")[0]
    found = "%s://%s" % (scheme, host)
    if scheme not in ("http", "https") or len(found) > _SERVER_BYTES or (scheme == "http" and home[:6] == "https:"):
        return None
    name, colon, port = host.partition(":")
    if "" in name.split(".") or [char for char in host if not (char.isalpha() or char.isdigit() or char in "-.:")]:
        return None
    if colon and not (port.isdigit() and 0 < int(port) < 65536):
        return None
    for allowed in (home.split("/")[2].split(":")[0],) + tuple(map(str.lower, regions)):
        if name == allowed or name.endswith("." + allowed):
            return found
    return None


def hide(text, token):
    """`text` without the token, and without any six characters of it on end, in capitals or not, escaped for a URL or
    not."""
    for code in range(37, 123) if "%" in text else ():  # from % itself on: it may be escaped twice
        text = text.replace("%%%02x" % code, chr(code)).replace("%%%02X" % code, chr(code))
    lower, token = text.lower(), token.lower()
    size = min(_PIECE, len(token))
    shown, end = [], 0
    for at in range(len(text) - size + 1):
        if lower[at : at + size] in token:
            if at >= end:
                shown.append(text[end:at])
            end = at + size
    return "...".join(shown + [text[end:]])
