"""What a frame's bytes say: its length and check, an anchor, values. record.py writes them.

Pure functions of bytes, loaded where the ring is read.
"""

from binascii import crc32, hexlify

from .record import CHECKED_SHORT, LONG_DATA, STRING, TRUE, get_varint, to_symbols


def frame_size(buf, at):
    """Length in bytes of the frame that starts at `buf[at]`; three bytes from there must be at hand."""
    first = buf[at]
    size = first if first < LONG_DATA else buf[at + 1] + (buf[at + 2] << 8)
    return size + (4 if first < LONG_DATA else 6) + (size > CHECKED_SHORT)


def check(view, at, size, seed):
    """(start, end) of the payload of the frame of `size` bytes at `view[at]`; None unless that carries the right
    check."""
    start = at + (1 if view[at] < LONG_DATA else 3)
    end = at + size - (3 if at + size <= start + CHECKED_SHORT + 3 else 4)
    found = int.from_bytes(view[end : at + size], "little")
    is_right = crc32(view[at:end], seed) & (0xFFFFFF if at + size - end == 3 else 0xFFFFFFFF) == found
    return (start, end) if is_right else None


def get_anchor(payload):
    """(boot, Unix ms of its uptime 0) of an anchor's payload."""
    try:
        boot, at = get_varint(payload, 0)
    except (IndexError, ValueError):
        return 0, 0  # no boot's: wrong content with a right check
    return boot, int.from_bytes(payload[at : at + 6], "little")


def is_number(text):
    """True if it is a number as JSON has them, or a location of two."""
    if text[:1] == b"[":
        lon, _, lat = text[1:-1].partition(b",")
        return text[-1:] == b"]" and lon[:1] != b"[" and is_number(lon) and lat[:1] != b"[" and is_number(lat)
    if b"e" in text:
        text, _, exponent = text.partition(b"e")
        if not (exponent[1:] if exponent[:1] == b"-" else exponent).isdigit():
            return False
    whole, point, fraction = (text[1:] if text[:1] == b"-" else text).partition(b".")
    return whole.isdigit() and (whole[:1] != b"0" or len(whole) == 1) and fraction.isdigit() == bool(point)


def split_numbers(text):
    """The texts of a group's numbers; commas inside brackets belong to a location."""
    if b"[" not in text:
        return text.split(b",")
    texts = []
    for part in text.split(b","):
        if texts and texts[-1][:1] == b"[" and texts[-1][-1:] != b"]":
            texts[-1] += b"," + part
        else:
            texts.append(part)
    return texts


def decode_texts(view, at, end, kinds, only=None):
    """A list of each value as number text (bytes; record.number_text says why), bool, (string,), or None where it is
    no number. IndexError, ValueError or OverflowError for what is no list of values, or goes on behind `end`: what is
    there is no part of the frame. `only`: the index of the one value that is looked at so closely."""
    if not kinds:
        text = to_symbols(hexlify(view[at:end]))
        numbers = split_numbers(text[:-1] if text[-1:] == b"," else text)
        for index in range(len(numbers)) if only is None else (only,):
            if not is_number(numbers[index]):
                numbers[index] = None  # pyright: ignore
        return numbers
    values = []
    while at < end:
        kind = view[at]
        at += 1
        if kind <= TRUE:
            values.append(kind == TRUE)
            continue
        size, at = get_varint(view, at)
        if at + size > end:
            raise ValueError("a value longer than its frame")
        data = view[at : at + size]
        at += size
        if kind == STRING:
            values.append((str(data, "utf-8"),))
        else:
            numbers = decode_texts(data, 0, size, 0)
            values.append(numbers[0] if len(numbers) == 1 else None)
    return values
