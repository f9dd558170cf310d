"""One frame to bytes and back: numbers as packed decimal text, times as deltas, a check over all.

Pure functions of bytes: knows no medium, no sector, no clock. docs/format.md draws the layout.

A frame is   first byte | (two length bytes) | payload | CRC-32, of which short frames carry the low 24 bits
    0xFF        blank flash            0x00  filler, skipped
    0x01-0xBF   data frame, the byte is the payload's length
    0xC0-0xFE   kind, then the payload's length in two bytes, low byte first
The payload of a data frame is   tag | (count of pins) | (time) | (pins) | values, of which the tag says what is there
"""

import struct
from binascii import crc32, unhexlify

from micropython import const

BLANK = const(0xFF)
FILLER = const(0x00)
LONG_DATA = const(0xC0)
STATE = const(0xC1)
ANCHOR = const(0xC3)
MARK = const(0xC4)
PAGE = const(512)  # bytes of a sector's pages; a frame that does not fit the rest of one begins the next
CHECKED_SHORT = const(64)  # up to so many bytes of payload no two wrong bits pass 24 bits of check

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
TRUE = const(1)
_NUMBER = const(2)
STRING = const(3)

_MAX_TIME_MS = const(1 << 48)


def seed(sequence, slot, salt):
    """The start value of every check of a frame: a stale, moved or copied sector never parses, nor does a frame that
    somebody who does not know the ring's `salt` hid in a string."""
    return crc32(struct.pack("<III", sequence & 0xFFFFFFFF, slot, salt))


def frame(kind, payload, seed, out=None):
    """The bytes of one frame, in the bytearray `out` if there is one. `kind` 0 is data, short or long as its length
    asks for."""
    out = bytearray() if out is None else out
    out[:] = b""
    size = len(payload)
    if not kind and size < LONG_DATA:
        out.append(size)
    else:
        if size > 0xFFFF:
            raise ValueError("reading of %d bytes: at most 65,535 fit a frame" % size)
        out.append(kind or LONG_DATA)
        out.append(size & 0xFF)
        out.append(size >> 8)
    out.extend(payload)
    check = crc32(out, seed)
    for _ in range(3 if size <= CHECKED_SHORT else 4):
        out.append(check & 0xFF)
        check >>= 8
    return out


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


# Values ------------------------------------------------------------------------------------------


def pack(text):
    """Number text (bytes) over the sixteen symbols 0123456789.-e,[] as four bits each, padded with a comma."""
    text = text.replace(b".", b"a").replace(b"-", b"b")
    if b"e" in text:
        text = text.replace(b"e+", b"c").replace(b"e", b"c")
    if b"," in text:
        text = text.replace(b",", b"d").replace(b"[", b"e").replace(b"]", b"f")
    return unhexlify(text + b"d" if len(text) & 1 else text)


def to_symbols(digits):
    """The text for hexadecimal `digits` (bytes), as `hexlify` of packed values gives them."""
    digits = digits.replace(b"e", b"[").replace(b"c", b"e").replace(b"f", b"]")
    return digits.replace(b"a", b".").replace(b"b", b"-").replace(b"d", b",")


def number_text(value):
    """The text of an int, a float, or a (lon, lat) tuple. Bytes: for each new str, the firmware looks through all
    names that it has."""
    if isinstance(value, tuple):
        return b"[%s,%s]" % (number_text(value[0]), number_text(value[1]))
    return b"%r" % value


def encode_values(values):
    """(_KINDS or 0, the bytes of `values`)."""
    for value in values:
        if isinstance(value, bool) or isinstance(value, str):
            break
    else:
        return 0, pack(number_text(values[0]) if len(values) == 1 else b",".join(map(number_text, values)))
    out = bytearray()
    for value in values:
        if isinstance(value, bool):
            out.append(TRUE if value else _FALSE)
            continue
        text = isinstance(value, str)
        data = value.encode() if text else pack(number_text(value))
        out.append(STRING if text else _NUMBER)
        put_varint(out, len(data))
        out.extend(data)
    return _KINDS, out


# Times and pins ----------------------------------------------------------------------------------


class Chain:
    """What a delta refers to: time, interval, pins and boot of the frame before.

    `boot` 0: `time` is Unix ms. Else `time` is the uptime in ms of that boot.
    The writer and every reader hold one each and move it in step.
    """

    def __init__(self):
        self.payload = bytearray()  # the one that is encoded: its memory serves all
        self.reset()

    def reset(self):
        self.boot = self.time = self.interval = 0
        self.pins = None
        self.kinds = 0

    def encode(self, boot, time, pins, kinds, body):
        """The payload of one data frame, until the next is encoded; moves the chain. `kinds` and `body` as
        encode_values gives them for values in the order of `pins`. Absolute after `reset()`."""
        interval = time - self.time
        absolute = self.pins is None or boot != self.boot or not 0 <= interval < 0x10000000
        out = self.payload
        out[:] = b""
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
                    raise ValueError("uptime %r: must be ms, 0 or more and below 2**48" % time)
                out.extend(time.to_bytes(6, "little"))
            if not same:
                out.extend(pins)
        out.extend(body)
        self.boot, self.time = boot, time  # of four values at once a tuple would be made
        self.interval, self.pins = 0 if absolute else interval, pins
        return out

    def decode(self, view, at):
        """Move the chain to the data payload at `view[at]`; the index of its first value byte. ValueError where it
        refers to a frame that is lost, or a pin is named twice, as no frame of ours does."""
        tag = view[at]
        count = tag & _PINS if tag >= _GENERAL else 0
        if self.pins is None and not (count and tag & _ABSOLUTE):
            raise ValueError("a delta of nothing")
        if tag < _GENERAL:
            self.interval += tag - 64
            self.time += self.interval
            self.kinds = 0
            return at + 1
        at += 1
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
            pins = bytes(view[at : at + count])
            at += count
            if count > 1 and len(set(pins)) != count:
                raise ValueError("a pin twice")
            self.pins = pins
        self.kinds = tag & _KINDS
        return at
