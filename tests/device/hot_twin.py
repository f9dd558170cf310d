"""What hot.py does, in byte code, for the test of its machine code. hot.py says what is where in `state`."""

from binascii import crc32, hexlify

from blynk_batch.ring.parsing import is_number
from blynk_batch.ring.record import MARK, to_symbols
from micropython import const


_TEN_TO_7 = const(10000000)
_POINT_BYTES = const(17)
_SHORT = const(64)
_MOST_VALUE = const(128)


def take(buf, state, pins, sink):
    """See hot.take()."""
    at, limit, interval, low, high, seed, count, passed, pin, filled, left, most_points, most_bytes = state[:13]
    number, base = state[13:15]
    view = memoryview(buf)
    taken, last = 0, -1
    before = None  # what a mark that no frame follows yet came after
    while at + 2 < limit:
        start = at
        while not buf[at] and at + 3 < limit:
            at += 1
        size, body = buf[at], at + 1
        if size == MARK:
            size, body = buf[at + 1] | buf[at + 2] << 8, at + 3
        stop = body + size
        if not 0 < size <= _SHORT or stop + 3 > limit or (at > start and buf[at] != MARK):
            at = start
            break
        check = buf[stop] | buf[stop + 1] << 8 | buf[stop + 2] << 16
        if crc32(view[at:stop], seed & 0xFFFFFFFF) & 0xFFFFFF != check:
            at = start
            break
        if buf[at] == MARK:
            points = buf[body + 1]
            points += (buf[body + 2] << 7) - 128 if points > 127 else 0
            page, more = buf[body], buf[body + 2] | buf[body + (2 if buf[body + 1] < 128 else 3)]
            if size < 3 or page > 127 or more > 127 or page != base + at >> 9 or points != number + passed or before:
                at = start
                break
            before = start, interval, count
            at, interval, count = stop + 3, 0, 0
            continue
        tag = buf[body]
        body, group, step = body + 1, None, interval
        time, carry = low, high
        if tag < 0x80:
            step += tag - 64
        elif tag & 0x20:
            step = 0
            carry, time = divmod(int.from_bytes(view[body : body + 6], "little"), _TEN_TO_7)
            body += 6
            if (carry, time) < (high, low):
                break
        else:
            step = shift = 0
            more = 0x80
            while more & 0x80 and shift < 28 and body < stop:
                more = buf[body]
                step |= (more & 0x7F) << shift
                shift += 7
                body += 1
            if more & 0x80 or before:
                break
        if tag > 0x7F:
            if tag & 0x50 or tag & 0x0F == 0x0F:
                break
            group = bytes(buf[body : body + (tag & 0x0F)])
            body += len(group)
        if not (group or count) or step < 0 or body >= stop:
            break
        if group and len(set(group)) != len(group):
            break
        is_other = group and len(group) == 1 and pin < 256 and group[0] != pin  # nobody asks what that has
        group = group or bytes(pins[:count])
        time += step
        carry += time // _TEN_TO_7
        time %= _TEN_TO_7
        if not 100000 <= carry <= 999999:
            break
        values = to_symbols(hexlify(view[body:stop])).split(b",")
        if not values[-1]:
            values.pop()
        if not is_other and (len(values) != len(group) or not all([is_number(value) for value in values])):
            break
        if pin > 255:
            if [q for q in group if sink[q] >= most_points or sink[256 + q] + _POINT_BYTES + _MOST_VALUE > most_bytes]:
                break
            for q, value in zip(group, values):
                sink[q] += 1
                sink[256 + q] += _POINT_BYTES + len(value)
        elif pin in group:
            if not left or filled + _POINT_BYTES + _MOST_VALUE > len(sink):
                break
            text = b",[%d%07d,%s]" % (carry, time, values[group.find(bytes((pin,)))])
            sink[filled : filled + len(text)] = text
            filled += len(text)
            left -= 1
            last = start
        pins[: len(group)] = group
        count, interval, low, high = len(group), step, time, carry
        passed += count
        at = stop + 3
        taken += 1
        before = None
    if before:
        at, interval, count = before
    state[0], state[2], state[3], state[4], state[6] = at, interval, low, high, count
    state[7], state[9], state[10], state[15] = passed, filled, left, last
    return taken
