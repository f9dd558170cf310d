"""The simulated flash keeps the chip's rules: else every power cut survived on it would mean nothing."""

from flash import Cached, NorFlash, RuleBroken, SdCard
from tear import MODES, torn, unstable


def raises(kind, action, *args):
    try:
        action(*args)
    except kind as error:
        return error
    raise AssertionError("no " + kind.__name__)


def read(device, block, size, offset=0):
    buf = bytearray(size)
    device.readblocks(block, buf, offset)
    return bytes(buf)


def test_a_program_clears_bits_and_an_erase_sets_them():
    device = NorFlash(2)
    device.writeblocks(1, b"\x0f\xf0", 3)
    device.writeblocks(1, b"\x0e\xff", 3)
    assert read(device, 1, 3, 2) == b"\xff\x0e\xf0"
    device.ioctl(6, 1)
    assert read(device, 1, 3, 2) == b"\xff\xff\xff"
    assert (device.erases, device.programs, device.bytes_programmed) == (1, 2, 4)
    assert device.block_erases == [0, 1] and device.time_us == 45800


def test_setting_a_bit_is_an_error_that_names_the_address():
    device = NorFlash(1)
    device.writeblocks(0, b"\x00", 0x20)
    assert "0x20" in str(raises(RuleBroken, device.writeblocks, 0, b"\x01", 0x20))
    assert read(device, 0, 1, 0x20) == b"\x00"


def test_pages_are_written_whole_and_again_while_bits_only_clear():
    device = NorFlash(1, page_size=256)
    raises(OSError, device.writeblocks, 0, b"a", 0)
    raises(OSError, device.writeblocks, 0, bytes(256), 1)
    device.writeblocks(0, b"ab" + b"\xff" * 254, 0)
    device.writeblocks(0, b"\xff\xffcd" + b"\xff" * 252, 0)
    assert read(device, 0, 5) == b"abcd\xff"


def test_a_write_once_unit_is_programmed_once_per_erase():
    device = NorFlash(1, unit=16)
    device.writeblocks(0, b"x" * 16, 16)
    raises(RuleBroken, device.writeblocks, 0, b"x" * 16, 16)
    raises(RuleBroken, device.revive().writeblocks, 0, bytes(16), 16)
    raises(RuleBroken, device.writeblocks, 0, b"x" * 8, 32)
    device.ioctl(6, 0)
    device.writeblocks(0, b"y" * 16, 16)


def test_a_cut_leaves_a_prefix_and_a_dead_device():
    device = NorFlash(1)
    device.cut_at(1, 2)
    device.writeblocks(0, b"one", 0)
    raises(OSError, device.writeblocks, 0, b"two", 3)
    raises(OSError, device.readblocks, 0, bytearray(1))
    raises(OSError, device.ioctl, 3, 0)
    assert device.image()[:6] == b"onetw\xff"
    assert read(device.revive(), 0, 5) == b"onetw"


def test_a_random_tear_clears_only_bits_that_the_program_would_clear():
    old, new = b"\xff\x3c\xff\x00" * 8, b"\x55\x0c\xff\x00" * 8
    results = set()
    for seed in range(20):
        result = torn("program", old, new, 0, "random", seed)
        for was, wanted, got in zip(old, new, result):
            assert got & ~was == 0 and wanted & ~got == 0
        assert result == torn("program", old, new, 0, "random", seed)
        results.add(result)
    assert len(results) > 10


def test_no_tear_of_a_program_sets_a_bit_or_clears_one_that_stays():
    old, new = b"\xff\x3c\xff\x00" * 8, b"\x55\x0c\xff\x00" * 8
    for mode in MODES:
        for byte in range(len(old) + 1):
            for was, wanted, got in zip(old, new, torn("program", old, new, byte, mode, byte)):
                assert got & ~was == 0 and wanted & ~got == 0, (mode, byte)


def test_a_program_in_reverse_order_leaves_its_end():
    assert torn("program", b"\xff" * 4, b"abcd", 3, "suffix", 0) == b"\xff\xff\xffd"


def test_a_torn_erase_leaves_what_its_mode_says():
    old, blank = bytes(range(1, 101)) * 41, b"\xff" * 4100
    left = {mode: torn("erase", old, blank, 100, mode, 5) for mode in MODES}
    assert left["prefix"] == blank[:100] + old[100:]
    assert left["suffix"] == old[:100] + blank[100:]
    assert left["zeros"] == blank[:100] + bytes(4000)
    assert left["weak"] == blank
    assert left["random"][:100] == blank[:100] and len(set(left["random"][100:])) == 256
    assert left["late"] not in (old, blank)
    for was, got in zip(old, left["late"]):
        assert was & ~got == 0


def test_a_weak_word_reads_either_way_until_it_is_programmed_or_erased():
    for settle, after in ((lambda device: device.writeblocks(0, b"\x0f\xff", 4), b"\x0f"), (None, b"\xff")):
        device = NorFlash(1)
        device.cut_at(0, 4, "weak")
        raises(OSError, device.writeblocks, 0, b"abcd\x0f\xffgh", 0)
        device = device.revive()
        seen = set([read(device, 0, 8) for _ in range(100)])
        assert len(seen) > 20 and set([text[:4] + text[5:6] for text in seen]) == {b"abcd\xff"}
        assert all(text[4] & 0x0F == 0x0F for text in seen)
        settle(device) if settle else device.ioctl(6, 0)
        assert set([read(device, 0, 1, 4) for _ in range(100)]) == {after}


def test_an_erase_that_was_cut_can_read_blank_and_not_stay_so():
    device = NorFlash(1)
    device.writeblocks(0, bytes(4096), 0)
    device.cut_at(0, 100, "weak", 3)
    raises(OSError, device.ioctl, 6, 0)
    device = device.revive()
    assert device.image() == b"\xff" * 4096 and 20 < len(device.weak) < 600
    assert len(set([read(device, 0, 4096) for _ in range(5)])) == 5
    device.ioctl(6, 0)
    assert read(device, 0, 4096) == b"\xff" * 4096 and not device.weak
    assert unstable("write", b"ab", b"cd", 0, "weak", 0) == {}


def test_an_sd_card_takes_whole_blocks_and_tears_one_of_them():
    device = SdCard(4)
    raises(TypeError, device.writeblocks, 0, b"x", 0)
    device.cut_at(0, 600, "random")
    raises(OSError, device.writeblocks, 0, b"n" * 1536)
    image = device.image()
    assert image[:600] == b"n" * 600 and image[600:1024] != b"n" * 424 and image[1024:] == b"\xff" * 1024


def test_a_caching_driver_writes_at_sync():
    device = NorFlash(2)
    cached = Cached(device)
    cached.writeblocks(0, b"abc", 5)
    assert read(cached, 0, 5, 4) == b"\xffabc\xff" and read(cached, 0, 8, 4092) == b"\xff" * 8
    assert device.programs == 0, "what is read comes from RAM"
    cached.ioctl(3, 0)
    assert read(device, 0, 3, 5) == b"abc"


def test_failing_blocks_fail_or_read_back_wrong():
    device = NorFlash(3, bad={0: "erase", 1: "program", 2: "wrong"})
    raises(OSError, device.ioctl, 6, 0)
    raises(OSError, device.writeblocks, 1, b"a", 0)
    device.writeblocks(2, b"\xff\xff", 0)
    assert read(device, 2, 2) == b"\xff\x7e"


def test_a_device_that_does_not_erase_and_one_that_overwrites():
    lazy = NorFlash(1, ioctl_erases=False)
    lazy.writeblocks(0, b"\x00", 0)
    lazy.ioctl(6, 0)
    assert read(lazy, 0, 1) == b"\x00"
    fram = NorFlash(1, overwritable=True)
    fram.writeblocks(0, b"\x00", 0)
    fram.writeblocks(0, b"\xa5", 0)
    assert read(fram, 0, 1) == b"\xa5" and fram.erases == 0


def test_a_journal_replays_to_the_same_image():
    device = NorFlash(2)
    device.journal = []
    device.writeblocks(0, b"abc", 1)
    device.ioctl(6, 0)
    device.writeblocks(1, b"\xff" * 4095 + b"z")
    image = bytearray(b"\xff" * 8192)
    for _, address, data in device.journal:
        image[address : address + len(data)] = data
    assert bytes(image) == device.image()
