"""What a frame's bytes say: its length and check, an anchor, a mark, values. record.py writes them.

Pure functions of bytes, loaded where the ring is read.
"""

from binascii import crc32, hexlify

from micropython import const

from .record import CHECKED_SHORT, get_varint, to_symbols

# As record.py has them:
_SHORT_MAX = const(0xBF)
_GENERAL = const(0x80)
_ABSOLUTE = const(0x60)
_TRUE = const(1)
_STRING = const(3)


def frame_size(buf, at):
    """Length in bytes of the frame that starts at `buf[at]`; three bytes from there must be at hand."""
    first = buf[at]
    size = first if first <= _SHORT_MAX else buf[at + 1] + (buf[at + 2] << 8)
    return size + (4 if first <= _SHORT_MAX else 6) + (size > CHECKED_SHORT)


def payload(buf, at, size):
    """(start, end) of the payload of the frame of `size` bytes at `buf[at]`."""
    head = 1 if buf[at] <= _SHORT_MAX else 3
    return at + head, at + size - (3 if size <= head + CHECKED_SHORT + 3 else 4)


def check(view, at, size, seed):
    """True if the frame of `size` bytes at `view[at]` carries the right check."""
    end = payload(view, at, size)[1]
    found = int.from_bytes(view[end : at + size], "little")
    return crc32(view[at:end], seed) & (0xFFFFFF if at + size - end == 3 else 0xFFFFFFFF) == found


def is_absolute(tag):
    """True if the data frame with this tag is readable without the frames before it."""
    return tag & (_GENERAL | _ABSOLUTE) > _GENERAL


def get_anchor(payload):
    """(boot, Unix ms of its uptime 0) of an anchor's payload."""
    try:
        boot, at = get_varint(payload, 0)
    except (IndexError, ValueError):
        return 0, 0  # no boot's: wrong content with a right check
    return boot, int.from_bytes(payload[at : at + 6], "little")


def get_mark(payload, at, end):
    """(its page, points of the sector before it, page that has the state, True if state frames follow from there on,
    index of its state entries) of the mark whose payload is `payload[at:end]`; page -1 for what is none."""
    try:
        page, at = get_varint(payload, at)
        number, at = get_varint(payload, at)
        place, at = get_varint(payload, at)
    except (IndexError, ValueError):
        return -1, 0, 0, True, end
    return page, number, place >> 1, bool(place & 1), at


def _number(text):
    if text[0] == "[":
        lon, lat = text[1:-1].split(",")
        return (_number(lon), _number(lat))
    return float(text) if "." in text or "e" in text else int(text)


def is_number(text):
    """True if it is a number as JSON has them, or a location of two."""
    if text.isdigit():
        return text[0] != "0" or len(text) == 1
    if text[:1] == "[":
        lon, _, lat = text[1:-1].partition(",")
        return text[-1] == "]" and lon[:1] != "[" and is_number(lon) and lat[:1] != "[" and is_number(lat)
    mantissa, e, exponent = text.partition("e")
    whole, point, fraction = mantissa.partition(".")
    whole = whole[1:] if whole[:1] == "-" else whole
    exponent = exponent[1:] if exponent[:1] == "-" else exponent
    if not whole.isdigit() or (whole[0] == "0" and len(whole) > 1):
        return False
    return fraction.isdigit() == bool(point) and exponent.isdigit() == bool(e)


def split_numbers(text):
    """The texts of a group's numbers; commas inside brackets belong to a location."""
    if "[" not in text:
        return text.split(",")
    texts = []
    for part in text.split(","):
        if texts and texts[-1][0] == "[" and texts[-1][-1] != "]":
            texts[-1] += "," + part
        else:
            texts.append(part)
    return texts


def decode_texts(view, at, end, kinds, only=None):
    """A list of each value as number text (str), bool, (string,), or None where it is no number. IndexError, ValueError
    or OverflowError for what is no list of values, or goes on behind `end`: what is there is no part of the frame.
    `only`: the index of the one value that is looked at so closely."""
    if not kinds:
        text = to_symbols(hexlify(view[at:end]))
        text = text[:-1] if text[-1:] == b"," else text
        if only is not None and b"[" not in text:
            numbers = text.split(b",")  # bytes: record.number_text says why
            numbers[only] = str(numbers[only], "ascii")  # pyright: ignore
        else:
            numbers = split_numbers(str(text, "ascii"))
        if only is not None and is_number(numbers[only]):
            return numbers
        numbers = [str(number, "ascii") if isinstance(number, bytes) else number for number in numbers]
        return [number if is_number(number) else None for number in numbers]
    values = []
    while at < end:
        kind = view[at]
        at += 1
        if kind <= _TRUE:
            values.append(kind == _TRUE)
            continue
        size, at = get_varint(view, at)
        if at + size > end:
            raise ValueError("a value longer than its frame")
        data = view[at : at + size]
        at += size
        if kind == _STRING:
            values.append((str(data, "utf-8"),))
        else:
            numbers = decode_texts(data, 0, size, 0)
            values.append(numbers[0] if len(numbers) == 1 else None)
    return values


def texts_of(view, at, end, kinds, count, only):
    """The `count` entries of decode_texts; None for those that cannot be read as what they say, though their check is
    right."""
    try:
        texts = decode_texts(view, at, end, kinds, only)
    except (ValueError, IndexError, OverflowError):  # UnicodeError is a ValueError
        texts = ()
    return texts if len(texts) == count else [None] * count


def to_value(text):
    """The Python value for one entry of `decode_texts`."""
    if text is None or isinstance(text, bool):
        return text
    return text[0] if isinstance(text, tuple) else _number(text)
