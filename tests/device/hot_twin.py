"""What hot.py does, in byte code, for the test of its machine code. hot.py says what is where in `state`."""

from binascii import crc32, hexlify

from blynk_batch.ring.record import to_symbols
from micropython import const

_POINT_BYTES = const(17)
_SHORT = const(64)
_MOST_VALUE = const(128)


def take(buf, state, pins, sink):
    """See hot.take()."""
    at, limit, interval, low, high, seed, count, passed, pin, filled, left, most_points, most_bytes, first, last = state
    view = memoryview(buf)
    taken = 0
    while at + 2 < limit:
        size = buf[at]
        stop = at + 1 + size
        if not 0 < size <= _SHORT or stop + 3 > limit:
            break
        tag = buf[at + 1]
        body, group, step = at + 2, None, interval
        if tag < 0x80:
            step += tag - 64
        else:
            if tag & 0x70 or tag == 0x8F:
                break
            step = shift = 0
            more = 0x80
            while more & 0x80 and shift < 28 and body < stop:
                more = buf[body]
                step |= (more & 0x7F) << shift
                shift += 7
                body += 1
            if more & 0x80:
                break
            if tag & 0x0F:
                group = bytes(buf[body : body + (tag & 0x0F)])
                body += tag & 0x0F
        if not (group or count) or step < 0 or body >= stop:
            break
        group = group or bytes(pins[:count])
        time = low + step
        carry = high + time // 10000000
        time %= 10000000
        if not 100000 <= carry <= 999999:
            break
        check = buf[stop] | buf[stop + 1] << 8 | buf[stop + 2] << 16
        if crc32(view[at:stop], seed & 0xFFFFFFFF) & 0xFFFFFF != check:
            break
        digits = hexlify(view[body:stop])  # pyright: ignore
        values = digits.split(b"d")
        if not values[-1]:
            values.pop()
        if b"e" in digits or b"f" in digits or len(values) != len(group) or not all(values):
            break
        if pin > 255:
            if [q for q in group if sink[q] >= most_points or sink[256 + q] + _POINT_BYTES + _MOST_VALUE > most_bytes]:
                break
            for q, value in zip(group, values):
                sink[q] += 1
                sink[256 + q] += _POINT_BYTES + len(value)
        elif at >= first and pin in group:
            if not left or filled + _POINT_BYTES + _MOST_VALUE > len(sink):
                break
            index = len(group) - 1
            while group[index] != pin:
                index -= 1
            text = b",[%d%07d,%s]" % (carry, time, to_symbols(values[index]))
            sink[filled : filled + len(text)] = text
            filled += len(text)
            left -= 1
        pins[: len(group)] = group
        count, interval, low, high = len(group), step, time, carry
        passed += count
        last = at
        at = stop + 3
        taken += 1
    state[0], state[2], state[3], state[4], state[6] = at, interval, low, high, count
    state[7], state[9], state[10], state[14] = passed, filled, left, last
    return taken
