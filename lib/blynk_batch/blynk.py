"""What Blynk's documentation says: the address, the limits, what accepts a batch. refusals.py has the other replies.

It alone knows Blynk; it knows no ring and no socket. Sources: Blynk's HTTPS API pages "Single Datastream batch update
with timestamps" and "Limits", and the change log of 2026 for the daily limit. The limits, 10,000 points and 2 MB in a
request and 100,000 points in a day, are the defaults of Client.
"""

from micropython import const

PATH = "/external/api/batch/update"
HEAD_BYTES = const(1024)  # kept free for the request's headers
_OK_BYTES = const(16)
_MONTHS = const("JanFebMarAprMayJunJulAugSepOctNovDec")


def url(server, token, pin):
    """Where the points of virtual pin `pin` go."""
    return "%s%s?token=%s&pin=v%d" % (server, PATH, token, pin)


def headers(len_bytes):
    """Of a request whose body has `len_bytes` bytes; without the content type it is refused."""
    return {"Content-Type": "application/json", "Content-Length": str(len_bytes)}


def accepted(status, headers, reply):
    """True only if the server took the whole batch: 200 and `OK`, with blanks around it only where a length or chunks
    say that it is whole, or a length of 0. What the end of the connection ends might have been longer."""
    length = headers.get("content-length")
    if status != 200 or len(reply) > _OK_BYTES or (length and not (length.isdigit() and int(length) == len(reply))):
        return False
    if length or "transfer-encoding" in headers:
        return reply.strip() == b"OK" or bool(length and not reply)
    return reply == b"OK"


def date_ms(text):
    """Unix ms of a reply's Date, `Mon, 23 Nov 2026 20:03:55 GMT`, or None. RFC 9110 5.6.7."""
    parts = text.split() if len(text) < 33 else []  # 29, and some: the state has room for no more
    try:
        day, month, year = int(parts[1]), _MONTHS.index(parts[2]) // 3, int(parts[3])
        hours, minutes, seconds = map(int, parts[4].split(":"))
    except (ValueError, IndexError):
        return None
    # Days since 1970, the year taken to start in March.
    month, year = (month + 10) % 12, year - (month < 2)
    days = year * 365 + year // 4 - year // 100 + year // 400 + (month * 306 + 5) // 10 + day - 719469
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
