"""The inner loop of a drain as machine code, loaded by fast.py: in a tenth of the time that a Reader takes.

Knows the bytes of short frames of numbers in Unix time, as nearly all are, of a page's mark, and JSON of a point;
nothing of sectors and media. It goes on as far as the buffer holds such frames whole, checks each, and stops in front
of any other: a frame that is long, of another kind, damaged, blank, or goes back in time. The Reader takes that one.
"""

# pyright: reportUndefinedVariable=false
import micropython
from array import array
from micropython import const

# Places in `state`, an array of 32-bit ints that the caller keeps:
_AT = const(0)  # of the next frame in the buffer
_LIMIT = const(1)  # of the end of what may be read there
_INTERVAL = const(2)  # ms before the last frame
_LOW = const(3)  # its Unix ms are HIGH * 10^7 + LOW; the six digits of HIGH make thirteen with those of LOW
_HIGH = const(4)
_SEED = const(5)  # of each check
_COUNT = const(6)  # pins of the last frame; they are in `pins`
_PASSED = const(7)  # points of all frames taken, added up
_PIN = const(8)  # the pin to write, or 256 to count each; no place is negative, since ptr32 knows no sign
_FILLED = const(9)  # bytes in the text so far
_LEFT = const(10)  # points that may still be written
_MOST_POINTS = const(11)  # counting stops in front of the frame by which a pin might pass them
_MOST_BYTES = const(12)
_NUMBER = const(13)  # points of the sector before the next frame
_BASE = const(14)  # the buffer's start in the sector
_LAST = const(15)  # of the last frame with a point of PIN, -1 for none

_TEN_TO_7 = const(10000000)
_MARK = const(0xC4)
_SHORT = const(64)  # most bytes of a payload that ends with a check of 24 bits
_POINT_BYTES = const(17)  # of a point's JSON without its value: a comma, two brackets, thirteen digits, a comma
_MOST_JSON = const(145)  # that, and all that a short frame can hold as one value

# JSON's numbers with commas between them: what follows on state and symbol, in the low four bits. States: 0 begin,
# 1 minus, 2 zero, 3 whole, 4 point, 5 fraction, 6 e, 7 its minus, 8 exponent, 9 no number; a comma leads back to 0.
_GRAMMAR = (
    b"2333333333919999"
    b"2333333333999999"
    b"9999999999496099"
    b"3333333333496099"
    b"5555555555999999"
    b"5555555555996099"
    b"8888888888979999"
    b"8888888888999999"
    b"8888888888999099"
    b"9999999999999999"
)

# CRC-32 of four bits
_TABLE = array(
    "I",
    (0, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344)
    + (0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C),
)
_LENGTHS = bytearray(128)  # of the values of a frame, with a comma behind each


@micropython.viper
def take(buf, state, pins, sink) -> int:
    """Frames taken from `buf`; `state` and `pins`, a bytearray of 256, are as behind the last of them. `sink`: with PIN
    256 an array of 32-bit ints, for each pin its points, and 256 further on the bytes of their JSON; else a bytearray
    that takes the points of PIN as JSON, each with a comma before it."""
    b = ptr8(buf)
    s = ptr32(state)
    p = ptr8(pins)
    out = ptr8(sink)
    tally = ptr32(sink)
    table = ptr32(_TABLE)
    grammar = ptr8(_GRAMMAR)
    lengths = ptr8(_LENGTHS)
    room = int(len(sink)) - _MOST_JSON
    most_bytes = s[_MOST_BYTES] - _MOST_JSON
    at = s[_AT]
    limit = s[_LIMIT]
    interval = s[_INTERVAL]
    low = s[_LOW]
    high = s[_HIGH]
    count = s[_COUNT]
    pin = s[_PIN]
    s[_LAST] = -1
    taken = 0
    is_marked = 0
    while at + 2 < limit:
        start = at
        while b[at] == 0 and at + 3 < limit:  # filler, which only a mark may follow: three bytes of it are looked at
            at += 1
        size = b[at]
        body = at + 1
        if size == _MARK:
            size = b[at + 1] | b[at + 2] << 8
            body = at + 3
        stop = body + size
        if size == 0 or size > _SHORT or stop + 3 > limit or (at > start and b[at] != _MARK):
            break
        # The check
        crc = s[_SEED] ^ -1
        i = at
        while i < stop:
            crc ^= b[i]
            crc = ((crc >> 4) & 0x0FFFFFFF) ^ table[crc & 15]
            crc = ((crc >> 4) & 0x0FFFFFFF) ^ table[crc & 15]
            i += 1
        crc ^= -1
        if (crc & 0xFFFFFF) != (b[stop] | b[stop + 1] << 8 | b[stop + 2] << 16):
            break
        # A mark of this page with the right number, in few bytes; it counts once a frame behind it is taken
        if b[at] == _MARK:
            step = b[body + 1]
            i = body + 2
            if step > 127:
                step += (b[i] << 7) - 128
                i += 1
            more = b[body] | b[body + 2] | b[i]
            page = (s[_BASE] + at) >> 9
            if size < 3 or more & 0x80 or b[body] != page or step != s[_NUMBER] + s[_PASSED] or is_marked:
                break
            is_marked = 1
            interval = 0
            count = 0
            at = stop + 3
            continue
        # Time and pins
        tag = b[body]
        body += 1
        if tag < 0x80:
            interval += tag - 64
        elif tag & 0x20:
            interval = 0
            time = 0
            carry = 0
            i = 12
            while i and body + 6 < stop:  # 48 bits, four at a time, in base 10^7
                i -= 1
                q = b[body + (i >> 1)]
                time = time << 4 | (q >> 4 if i & 1 else q & 15)
                q = time // _TEN_TO_7
                time -= q * _TEN_TO_7
                carry = carry << 4 | q
            body += 6
            if carry < high or (carry == high and time < low):
                break  # back in time: before what counts as expired, perhaps
            high = carry
            low = time
        else:
            interval = 0
            shift = 0
            more = 0x80
            while more & 0x80 and shift < 28 and body < stop:
                more = b[body]
                interval |= (more & 0x7F) << shift
                shift += 7
                body += 1
            if more & 0x80 or is_marked:  # nothing that it could refer to
                break
        names = p
        new = 0
        if tag > 0x7F:
            if tag & 0x50 or tag & 0x0F == 0x0F:
                break
            new = tag & 0x0F
            if new:
                count = new
                names = ptr8(int(b) + body)
                body += new
        if count == 0 or interval < 0 or body >= stop:
            break
        low += interval
        while low >= _TEN_TO_7:
            low -= _TEN_TO_7
            high += 1
        if high < 100000 or high > 999999:
            break
        # One number for each pin, the last one perhaps with a comma: else the Reader is to judge. A frame that has but
        # another pin than is asked for counts as it is.
        value = 1 if new == 1 and pin < 256 and names[0] != pin else 0
        i = stop << 1 if value else body << 1
        begin = i
        kind = 0
        while i < stop << 1:
            q = b[i >> 1]
            q = q & 15 if i & 1 else q >> 4
            i += 1
            kind = grammar[kind << 4 | q] & 15
            if q == 13:
                lengths[value] = i - begin
                value += 1
                begin = i
        if kind:
            kind = grammar[kind << 4 | 13] & 15
            lengths[value] = i - begin + 1
            value += 1
        if kind or value != count:
            break
        # No pin twice, room for each, and which value is asked for
        first = 0  # half byte where that begins
        digits = 0
        begin = body << 1
        fits = 1
        i = 0
        while i < count:
            q = names[i]
            if q == pin:
                first = begin
                digits = lengths[i] - 1
            if pin > 255 and (tally[q] >= s[_MOST_POINTS] or tally[256 + q] > most_bytes):
                fits = 0
            begin += lengths[i]
            more = i if new else 0
            while more:
                more -= 1
                if names[more] == q:
                    fits = 0
            i += 1
        if fits == 0 or (first and (s[_LEFT] == 0 or s[_FILLED] > room)):
            break
        # It is taken
        i = 0 if new or pin > 255 else count
        while i < count:
            q = names[i]
            p[i] = q
            if pin > 255:
                tally[q] += 1
                tally[256 + q] += _POINT_BYTES + lengths[i] - 1
            i += 1
        if first:
            filled = s[_FILLED]
            out[filled] = 0x2C
            out[filled + 1] = 0x5B
            out[filled + 15] = 0x2C
            time = low
            i = filled + 14
            while i > filled + 1:
                if i == filled + 7:
                    time = high
                q = time // 10
                out[i] = 48 + time - q * 10
                time = q
                i -= 1
            filled += 16
            while digits:
                q = b[first >> 1]
                q = q & 15 if first & 1 else q >> 4
                out[filled] = q + 48 if q < 10 else 46 if q == 10 else 45 if q == 11 else 101
                filled += 1
                first += 1
                digits -= 1
            out[filled] = 0x5D
            s[_FILLED] = filled + 1
            s[_LEFT] -= 1
            s[_LAST] = start
        at = stop + 3
        taken += 1
        is_marked = 0
        s[_AT] = at
        s[_INTERVAL] = interval
        s[_LOW] = low
        s[_HIGH] = high
        s[_COUNT] = count
        s[_PASSED] += count
    return taken
