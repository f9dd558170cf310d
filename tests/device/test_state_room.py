"""All state at its largest fits a sector's header, which is read back whole."""

import blynk_batch
from flash import NorFlash

_LARGE = (1 << 32) - 1
_MS = 1 << 44
_COUNTERS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12)


def test_the_state_at_its_largest_outlives_a_turn_of_the_sector():
    """Sixteen ranges of refused points, every counter past four thousand million, the longest server of a redirect."""
    chip = NorFlash(8)
    ring = blynk_batch.BlockRing(chip)
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
    ring.set(49, (2, 255, _MS, _MS, 2) + (1 << 29,) * 5 + (1 << 29, 4000) * 6)
    ring.set(50, (1 << 29, 4000) * 2)
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
    ring.log(0, 1795000000000, b"\x01", [1])
    ring.turn(data=False)
    state = dict(ring.state)
    size = len(blynk_batch.ring.state.encode_state(state))
    assert 800 < size <= 1024, size
    again = blynk_batch.BlockRing(chip).state
    assert [key for key in state if again.get(key) != state[key]] == []
