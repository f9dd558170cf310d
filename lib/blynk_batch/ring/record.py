"""One frame to bytes and back: numbers as packed decimal text, times as deltas, a check over all.

Pure functions of bytes: knows no medium, no sector, no clock. docs/format.md draws the layout.

A frame is   first byte | (two length bytes) | payload | CRC-32, of which short frames carry the low 24 bits
    0xFF        blank flash            0x00  filler, skipped
    0x01-0xBF   data frame, the byte is the payload's length
    0xC0-0xFE   kind, then the payload's length in two bytes, low byte first
"""

import struct
from binascii import crc32, hexlify, unhexlify

from micropython import const

BLANK = const(0xFF)
FILLER = const(0x00)
LONG_DATA = const(0xC0)
STATE = const(0xC1)
REJECT = const(0xC2)
ANCHOR = const(0xC3)
MARK = const(0xC4)
PAGE = const(512)  # bytes of a sector's pages; a frame that does not fit the rest of one begins the next
CHECKED_SHORT = const(64)  # up to so many bytes of payload no two wrong bits pass 24 bits of check
_SHORT_MAX = const(0xBF)

# The tag, the first byte of a data payload. Below 0x80: same pins as the frame before, numbers only, and the
# interval since that frame is the interval before it plus (tag - 64) ms. Else flags:
_GENERAL = const(0x80)
_UNIX = const(0x20)  # 6 bytes of Unix ms instead of a delta
_UPTIME = const(0x40)  # boot number, then 6 bytes of uptime ms instead of a delta
_ABSOLUTE = const(0x60)  # either of the two: readable without the frames before
_KINDS = const(0x10)  # every value starts with its kind
_PINS = const(0x0F)  # how many pins follow: 0 the same as before, 15 a count byte first

# Kinds of values: false, true, number, string
_FALSE = const(0)
_TRUE = const(1)
_NUMBER = const(2)
_STRING = const(3)

_MAX_TIME_MS = const(1 << 48)


def seed(sequence, slot, salt):
    """The start value of every check of a frame: a stale, moved or copied sector never parses, nor does a frame that
    somebody who does not know the ring's `salt` hid in a string."""
    return crc32(struct.pack("<III", sequence & 0xFFFFFFFF, slot, salt))


def frame(kind, payload, seed):
    """The bytes of one frame. `kind` 0 is data, short or long as its length asks for."""
    size = len(payload)
    if not kind and size <= _SHORT_MAX:
        head = bytes((size,))
    else:
        head = bytes((kind or LONG_DATA, size & 0xFF, size >> 8))
    data = head + payload
    return data + struct.pack("<I", crc32(data, seed) & 0xFFFFFFFF)[: 3 if size <= CHECKED_SHORT else 4]


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


def put_varint(out, number):
    """Append `number` >= 0 to the bytearray `out`, seven bits a byte, low bits first."""
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def get_varint(buf, at):
    """(number, index after it). ValueError if it takes more than the 10 bytes of 64 bits."""
    number = buf[at] & 0x7F
    shift = 7
    while buf[at] & 0x80:
        at += 1
        if shift > 63:
            raise ValueError("a varint without an end")
        number |= (buf[at] & 0x7F) << shift
        shift += 7
    return number, at + 1


def get_anchor(payload):
    """(boot, Unix ms of its uptime 0) of an anchor's payload."""
    try:
        boot, at = get_varint(payload, 0)
    except (IndexError, ValueError):
        return 0, 0  # no boot's: wrong content with a right check
    return boot, int.from_bytes(payload[at : at + 6], "little")


def get_mark(payload, at):
    """(its page, points of the sector before it, page that has the state, True if state frames follow from there on,
    index of its state entries) of the mark whose payload starts at `payload[at]`."""
    page, at = get_varint(payload, at)
    number, at = get_varint(payload, at)
    place, at = get_varint(payload, at)
    return page, number, place >> 1, bool(place & 1), at


# Values ------------------------------------------------------------------------------------------


def pack(text):
    """Number text over the sixteen symbols 0123456789.-e,[] as four bits each, padded with a comma."""
    text = text.replace("e", "c").replace("[", "e").replace("]", "f")
    text = text.replace(".", "a").replace("-", "b").replace(",", "d")
    return unhexlify(text + "d" if len(text) & 1 else text)


def to_symbols(digits):
    """The text for hexadecimal `digits` (bytes), as `hexlify` of packed values gives them."""
    digits = digits.replace(b"e", b"[").replace(b"c", b"e").replace(b"f", b"]")
    return digits.replace(b"a", b".").replace(b"b", b"-").replace(b"d", b",")


def number_text(value):
    """The JSON text of an int, a float, or a (lon, lat) pair."""
    if isinstance(value, (tuple, list)):
        return "[%s,%s]" % (number_text(value[0]), number_text(value[1]))
    return repr(value).replace("+", "")


def encode_values(values):
    """(_KINDS or 0, the bytes of `values`)."""
    if not [value for value in values if isinstance(value, (bool, str))]:
        return 0, pack(",".join([number_text(value) for value in values]))
    out = bytearray()
    for value in values:
        if isinstance(value, bool):
            out.append(_TRUE if value else _FALSE)
            continue
        text = isinstance(value, str)
        data = value.encode() if text else pack(number_text(value))
        out.append(_STRING if text else _NUMBER)
        put_varint(out, len(data))
        out.extend(data)
    return _KINDS, out


def _number(text):
    if text[0] == "[":
        lon, lat = text[1:-1].split(",")
        return (_number(lon), _number(lat))
    return float(text) if "." in text or "e" in text else int(text)


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


def decode_texts(view, at, end, kinds):
    """A list of each value as number text (str), bool, or (bytes of a string,)."""
    if not kinds:
        text = str(to_symbols(hexlify(view[at:end])), "ascii")
        return split_numbers(text[:-1] if text[-1] == "," else text)
    values = []
    while at < end:
        kind = view[at]
        at += 1
        if kind <= _TRUE:
            values.append(kind == _TRUE)
            continue
        size, at = get_varint(view, at)
        data = view[at : at + size]
        values.append((bytes(data),) if kind == _STRING else decode_texts(data, 0, size, 0)[0])
        at += size
    return values


def to_value(text):
    """The Python value for one entry of `decode_texts`."""
    if isinstance(text, bool):
        return text
    return text[0].decode() if isinstance(text, tuple) else _number(text)


# Times and pins ----------------------------------------------------------------------------------


class Chain:
    """What a delta refers to: time, interval, pins and boot of the frame before.

    `boot` 0: `time` is Unix ms. Else `time` is the uptime in ms of that boot.
    The writer and every reader hold one each and move it in step.
    """

    def __init__(self):
        self.reset()

    def reset(self):
        self.boot = self.time = self.interval = 0
        self.pins = None
        self.kinds = 0

    def encode(self, boot, time, pins, values):
        """The payload of one data frame, `values` in the order of `pins`; moves the chain. Absolute after `reset()`."""
        kinds, body = encode_values(values)
        out = self.head(boot, time, pins, kinds)
        out.extend(body)
        return out

    def head(self, boot, time, pins, kinds):
        """The payload up to the values, which stand with or without their kinds; moves the chain."""
        interval = time - self.time
        absolute = self.pins is None or boot != self.boot or not 0 <= interval < 0x10000000
        out = bytearray()
        same = pins == self.pins and not absolute
        if same and not kinds and -64 <= interval - self.interval < 64:
            out.append(interval - self.interval + 64)
        else:
            count = 0 if same else min(len(pins), _PINS)
            form = 0 if not absolute else _UPTIME if boot else _UNIX
            out.append(_GENERAL | form | kinds | count)
            if count == _PINS:
                out.append(len(pins) & 0xFF)  # 0: all 256
            if not absolute:
                put_varint(out, interval)
            else:
                if boot:
                    put_varint(out, boot)
                if not 0 <= time < _MAX_TIME_MS:
                    raise ValueError("timestamp %r: must be Unix milliseconds" % time)
                out.extend(time.to_bytes(6, "little"))
            if not same:
                out.extend(pins)
        self.boot, self.time, self.interval, self.pins = boot, time, 0 if absolute else interval, pins
        return out

    def decode(self, view, at):
        """Move the chain to the data payload at `view[at]`; the index of its first value byte."""
        tag = view[at]
        if tag < _GENERAL:
            self.interval += tag - 64
            self.time += self.interval
            self.kinds = 0
            return at + 1
        at += 1
        count = tag & _PINS
        if count == _PINS:
            count = view[at] or 256
            at += 1
        if tag & _ABSOLUTE:
            self.boot = self.interval = 0
            if tag & _UPTIME:
                self.boot, at = get_varint(view, at)
            self.time = int.from_bytes(view[at : at + 6], "little")
            at += 6
        else:
            self.interval, at = get_varint(view, at)
            self.time += self.interval
        if count:
            self.pins = bytes(view[at : at + count])
            at += count
        self.kinds = tag & _KINDS
        return at
