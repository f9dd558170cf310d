"""State from bytes: an entry counts only if it can be true. Loaded where a ring is opened.

A right check says that the ring wrote the bytes, or somebody who made the image. So nothing of them is used before it
is known to be of the shape that its key has, and `within` says that what names a place names one of the ring.
"""

from micropython import const

from . import sector, state as keys
from ..errors import WrongDevice
from .record import get_varint

# What numbers a key has, each below 2 to the power of its letter; those after a "/" may be missing. A key that is not
# here is another library's: it is kept. state.py and docs/format.md tell which is which. Bytes, not text: short text
# stays in the firmware's table of names, also when this file has left the heap.
_BITS = dict(zip(b"soncimp", (30, 24, 40, 53, 32, 48, 8)))  # sequence, offset, running number, counter ...
_SHAPES = const(
    b" 1:s 2:son 3:c 4:c 5:c 6:c 7:c 8:c 9:c 10:c 11:c 12:c 13:cccc 14:c 15:soosoosoo 16:p 17:p"
    b" 20:sonmm/so 21:pso 22:n 32:imi 33:ii/i 34:mim 35:ii/i 36:i 38:c 39:pso"
    b" 48:c 50:sosopmmso 51:ii 64:i 65:im 66:m/mi 67:m "
)
_RANGE = const(b"sosoiiip")  # and more pins
_MOST_BYTES = {keys.DONE: 32, keys.REGION: 127, keys.OWNER: 8, keys.WORDS: 80, keys.FAILED: 64}


def decode_state(view, at, end, state):
    """Apply the entries in `view[at:end]` to the dict `state`; the keys that they name."""
    named = set()
    while at + 2 <= end:
        key, size = view[at], view[at + 1]
        at += 2
        data = bytes(view[at : min(at + size, end)])
        at += size
        named.add(keys.DONE if key == keys.DONE_TOO else key)
        if key == keys.DONE_TOO:
            for pin in data:
                state[keys.DONE] = keys.with_done(state.get(keys.DONE, b""), pin)
        elif not size:
            state.pop(key, None)
        elif len(data) == size:
            value = data if key >= 0x80 else _numbers(data)
            if value and _can_be(key, value):
                state[key] = value
    return named


def _numbers(data):
    """The tuple of the varints in `data`; empty if they do not end with it."""
    numbers, at = (), 0
    try:
        while at < len(data):
            number, at = get_varint(data, at)
            numbers += (number,)
    except (IndexError, ValueError):
        return ()
    return numbers


def _can_be(key, value):
    if key >= 0x80:
        return len(value) <= _MOST_BYTES.get(key, 255)
    if keys.RANGES <= key < keys.RANGES + keys.RANGES_MOST:
        shape = _RANGE + b"p" * (len(value) - len(_RANGE))
    else:
        shape = _SHAPES.partition(b" %d:" % key)[2].partition(b" ")[0]
    if not shape:
        return True
    least, _, more = shape.partition(b"/")
    if len(value) not in (len(least), len(least + more)):
        return False
    return not [number for number, letter in zip(value, least + more) if number >> _BITS[letter]]


def within(state, oldest, end):
    """Have no place in `state` lie behind `end`, (sequence, offset), nor say that the ring begins there: what was
    there is damaged, or it is a lie. The least running number that the ring has reached by what it says."""
    if state.get(keys.OLDEST, (0,))[0] > end[0]:
        state[keys.OLDEST] = (oldest,)
    part = state.get(keys.PART)
    if part and part[1:3] > end:
        state[keys.PART] = part[:1] + end
    number = 0
    for key in (keys.CURSOR, keys.WINDOW):
        value = state.get(key)
        if value:
            state[key] = min(value[:2], end) + value[2:]
            number = max(number, value[2])
    return number


def load_header(ring, sequence):
    """(Prefix, salt, state) from that sector's header; (None, 0, {}) if it is damaged."""
    head, state = sector.read_prefix(ring.medium, sequence), {}
    if head:
        check_version(head, ring.medium.remedy)
    for _ in range(sector.READS if head and head.size <= sector.SALTED_BYTES + sector.STATE_BYTES + 32 else 0):
        buf = bytearray(head.size)
        ring.medium.read(sequence, 0, memoryview(buf))
        end = sector.state_end(buf, head.size, sequence, ring.medium.slot(sequence))
        if end:
            decode_state(buf, sector.SALTED_BYTES, end, state)
            return head, int.from_bytes(buf[sector.PREFIX_BYTES : sector.SALTED_BYTES], "little"), state
    return None, 0, state


def check_version(head, remedy):
    """WrongDevice if another library than this wrote it, with what to do."""
    if head.version == sector.VERSION:
        return
    if head.version > sector.VERSION:
        text = "a newer blynk_batch wrote format %d here, this one knows %d: update it, or %s"
    else:
        remedy = "read it with the version that wrote it, then format=True or another folder"
        text = "an older blynk_batch wrote format %d here, this one knows %d: %s"
    raise WrongDevice(text % (head.version, sector.VERSION, remedy))
