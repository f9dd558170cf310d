"""All state at its largest fits a sector's header, which is read back whole; what cannot be true is not taken."""

import blynk_batch
from blynk_batch.ring.decode import decode_state
from blynk_batch.ring.state import KNOWN, encode_state, is_done, with_done
from blynk_batch.upload.ranges import HELD, Range, weight
from flash import NorFlash, SdCard

_LARGE = (1 << 32) - 1
_MS = 1 << 44
_COUNTERS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12)


def at_its_largest(ring):
    """Sixteen ranges of refused points, every counter past four thousand million, the longest server of a redirect."""
    for key in _COUNTERS:
        ring.set(key, (_LARGE,))
    ring.set(13, (_LARGE,) * 4)
    ring.set(20, (0, 4000, _LARGE, _MS, _MS, (1 << 30) - 1, 4000))
    ring.set(21, (255, 0, 4000))
    ring.set(22, (_LARGE,))
    ring.set(32, (9, _MS, 86400))
    ring.set(33, (20000, _LARGE))
    ring.set(34, (_MS, _LARGE, _LARGE))
    ring.set(35, (1000000, 10000))
    ring.set(39, (255, 0, 4000))
    ring.set(48, (_LARGE,))
    ring.set(50, (1 << 29, 4000) * 2 + (255, _MS, _MS, 1 << 29, 4000))
    ring.set(51, (1 << 31, 1 << 31))
    ring.set(38, (_LARGE,))
    for place in range(16):
        ring.set(96 + place, (1 << 29, 4000, 1 << 14, 4000, 2, 1 << 31, 1 << 14, 255))
    ring.set(64, (_LARGE,))
    ring.set(65, (_LARGE, _MS))
    ring.set(66, (_LARGE, _MS, 1))
    ring.set(67, (_MS,))
    ring.set(0x90, b"\xff" * 32)
    ring.set(0xA0, b"https://" + b"a" * 72)
    ring.set(0xA1, b"owner123")
    ring.set(0xA2, b"w" * 60)
    ring.set(0xA3, b"\xaa" * 64)


def turned(ring, kind, place, **options):
    """Bytes of the ring's state, once it has outlived a turn of the sector; the others open it anew."""
    ring.log(0, 1795000000000, b"\x01", [1])
    ring.turn(data=False)
    state = dict(ring.state)
    found = kind(place, **options).state
    assert [key for key in state if found.get(key) != state[key]] == []
    return len(encode_state(state))


def test_the_state_at_its_largest_outlives_a_turn_of_the_sector():
    chip = NorFlash(8)
    ring = blynk_batch.BlockRing(chip)
    at_its_largest(ring)
    size = turned(ring, blynk_batch.BlockRing, chip)
    assert 800 < size <= 1024, size


def test_so_it_does_with_as_many_pins_as_the_table_of_ranges_takes():
    for most in range(1, 256):
        pins = [Range(255 - number, (1 << 29, 4000), ((1 << 29) + (1 << 14), 4000), HELD) for number in range(most + 1)]
        if weight(pins) > 1:
            break
    assert most > 9, most
    for kind, place, options in (
        (blynk_batch.BlockRing, NorFlash(8), {}),
        (blynk_batch.BlockRing, NorFlash(8, unit=512), {"unit": 512}),
        (blynk_batch.BlockRing, SdCard(66), {}),
        (blynk_batch.FileRing, "ring", {}),
    ):
        ring = kind(place, **options)
        at_its_largest(ring)
        for key in range(96, 112):
            ring.set(key, ring.state[key][:7] + tuple(range(256 - most, 256)))
        turned(ring, kind, place, **options)


def test_a_ring_whose_header_ends_with_a_page_opens_with_and_without_frames_behind_it():
    for size in (511, 512, 513):
        chip = NorFlash(8)
        ring = blynk_batch.BlockRing(chip)
        ring.set(0xFE, b"x" * 200)  # another library's
        ring.set(0xFF, b"x")
        ring.turn(data=False)
        ring.set(0xFF, b"x" * (1 + size - ring.offset))
        ring.turn(data=False)
        assert ring.offset == size
        for count in range(3):
            ring = blynk_batch.BlockRing(chip)
            assert (ring.pending, len(ring.state[0xFE])) == (count, 200), (size, count)
            ring.log(0, 1795000000000 + count, b"\x01", [1])


# Of each key what its value can be: bits of each number, after None those that may be missing; or bytes at most
_SHAPES = {
    1: (30,),
    2: (30, 24, 40),
    3: (53,),
    13: (53,) * 4,
    14: (53,),
    15: (30, 24, 24) * 3,
    16: (8,),
    20: (30, 24, 40, 48, 48, None, 30, 24),
    21: (8, 30, 24),
    22: (40,),
    32: (32, 48, 32),
    33: (32, 32, None, 32),
    34: (48, 32, 48),
    35: (32, 32, None, 32),
    38: (53,),
    39: (8, 30, 24),
    48: (53,),
    50: (30, 24) * 2 + (8, 48, 48, 30, 24),
    51: (32, 32),
    64: (32,),
    65: (32, 48),
    66: (48, None, 48, 32),
    67: (48,),
    96: (30, 24, 30, 24, 32, 32, 32, 8),
    111: (30, 24, 30, 24, 32, 32, 32, 8),
    0x90: 32,
    0xA0: 127,
    0xA1: 8,
    0xA2: 80,
    0xA3: 64,
}


def taken(key, value):
    state = {}
    entries = encode_state({key: value})
    assert decode_state(entries, 0, len(entries), state) == {key}
    assert state.get(key, value) == value
    return key in state


def test_a_value_that_its_key_cannot_have_is_not_taken():
    for key, shape in _SHAPES.items():
        if isinstance(shape, int):
            assert taken(key, b"\xff" * shape) and not taken(key, b"\xff" * (shape + 1)), key
            continue
        at = shape.index(None) if None in shape else len(shape)
        bits = [number for number in shape if number is not None]
        most = tuple([(1 << number) - 1 for number in bits])
        assert taken(key, most) and taken(key, most[:at]), key
        assert [count for count in range(1, len(most)) if count != at and taken(key, most[:count])] == [], key
        assert taken(key, most + (1,)) is (key >= 96), key  # a range may have more pins
        for place in range(len(most)):
            assert not taken(key, most[:place] + (most[place] + 1,) + most[place + 1 :]), (key, place)


def test_what_another_library_wrote_is_kept_as_it_is():
    assert taken(70, (1 << 60,) * 9) and taken(0x80, b"\xff") and taken(0xFF, b"\xff" * 200)


def test_what_is_forgotten_is_gone_and_all_else_stays():
    state = {KNOWN: (7,), 70: (1,)}
    entries = encode_state({}, (KNOWN,))
    assert decode_state(entries, 0, len(entries), state) == {KNOWN} and state == {70: (1,)}


def test_pins_that_are_done_take_as_few_bytes_as_hold_them():
    assert (with_done(b"", 0), with_done(b"\x01", 15), with_done(b"\x01\x80", 1)) == (b"\x01", b"\x01\x80", b"\x03\x80")
    done = b""
    for pin in range(255, -1, -1):
        assert not is_done(done, pin)
        done = with_done(done, pin)
        assert is_done(done, pin) and len(done) == 32
    assert done == b"\xff" * 32
