"""What somebody else keeps on a block device is refused and left untouched; format=True takes the device over."""

import os
import random
import struct
from binascii import crc32

from blynk_batch import BlockRing
from blynk_batch.errors import WrongDevice
from flash import NorFlash, SdCard, mount, umount
from ring_checks import found, log, raises

HEAP = "8m"
WASM = False


def refused(device, *words):
    before = device.image()
    text = raises(WrongDevice, BlockRing, device)
    assert device.image() == before, "changed"
    for word in words + ("format=True",):
        assert word in text, text


def taken_over(device):
    """format=True makes it a ring, from which nothing that was there comes back."""
    ring = BlockRing(device, format=True)
    assert found(ring) == [] and ring.pending == 0
    log(ring, 0, 700)
    again = BlockRing(device.revive())
    assert found(again) == list(range(700)) and again.pending == 700
    kept = BlockRing(device.revive(), format=True)  # a ring that is there stays
    assert found(kept) == list(range(700))


def with_filesystem(device, board):
    mount(device, "/other", board)
    with open("/other/notes.txt", "w") as f:
        f.write("mine" * 500)
    umount("/other")
    return device


def test_a_littlefs_of_either_board_is_refused():
    for board, page in (("esp32", 1), ("rp2", 256)):
        device = with_filesystem(NorFlash(16, page_size=page), board)
        refused(device, "littlefs")
        taken_over(device)


def test_a_fat_filesystem_is_refused():
    device = with_filesystem(SdCard(400), "fat")
    refused(device, "FAT")
    taken_over(device)


def test_a_table_of_partitions_is_refused_though_its_first_bytes_are_zeros():
    card = SdCard(400, image=bytes(400 * 512))
    table = bytearray(512)
    table[446:462] = b"\x00\x20\x21\x00\x0c\xfe\xff\xff\x00\x08\x00\x00\x00\xf0\x3f\x00"
    table[510:] = b"\x55\xaa"
    card.writeblocks(0, table)
    refused(card, "partitions")
    taken_over(card)


def test_data_anywhere_in_the_first_64_kilobytes_is_refused():
    for address in (200, 4096 * 3 + 2222, 65535):
        device = NorFlash(32)
        device.writeblocks(address // 4096, b"\x17", address % 4096)
        refused(device, "something else")
    card = SdCard(400, image=bytes(400 * 512))
    card.writeblocks(127, bytes(511) + b"x")
    refused(card, "something else")


def test_random_bytes_are_refused():
    random.seed(5)
    for _ in range(20):
        device = NorFlash(6, image=b"".join([random.getrandbits(32).to_bytes(4, "little") for _ in range(6 * 1024)]))
        refused(device)
    taken_over(device)


def test_all_zeros_or_all_ones_are_nobodys():
    for image in (bytes(8 * 4096), b"\xff" * 8 * 4096):
        device = NorFlash(8, image=image)
        log(BlockRing(device), 0, 10)
        assert found(BlockRing(device)) == list(range(10))


def test_a_filesystem_made_where_a_ring_was_is_refused_though_old_sectors_are_there():
    for device, board in ((NorFlash(24), "esp32"), (NorFlash(24, page_size=256), "rp2"), (SdCard(400), "fat")):
        log(BlockRing(device), 0, 3000)
        kind = os.VfsFat if board == "fat" else os.VfsLfs2
        kind.mkfs(device, **({} if board == "fat" else {"progsize": 256}))
        device = device.revive()
        refused(device, "FAT" if board == "fat" else "littlefs")
        taken_over(device)


def newer(device):
    """The device with all its sector headers as a later format would write them."""
    for address in range(0, len(device.data), 512):
        at = address + 16 if device.block_size == 512 else address
        head = bytearray(device.data[at : at + 24])
        if head[:3] == b"BBr":
            head[3] = 9
            device.data[at : at + 24] = head[:20] + struct.pack("<I", crc32(head[:20]))
            if at != address:
                used = struct.unpack_from("<H", device.data, address + 6)[0]
                check = crc32(device.data[at : at + used], crc32(device.data[address : address + 12]))
                struct.pack_into("<I", device.data, address + 12, check)
    return device


def test_a_newer_format_is_refused_and_tells_which():
    for device in (NorFlash(8), SdCard(66)):
        log(BlockRing(device), 0, 1000)
        newer(device)
        refused(device, "format 9", "update")
        taken_over(device)


def test_a_ring_on_a_card_that_begins_elsewhere_is_refused_and_left_untouched():
    """Without start=, what lies where that ring would have its tails are blocks of a sector."""
    for start, readings in ((16, 1300), (8, 1900), (16, 5000)):
        device = SdCard(60)
        log(BlockRing(device, start=start, blocks=34), 0, readings)
        before = found(BlockRing(device, start=start, blocks=34))
        refused(SdCard(60, device.data), "begins elsewhere", "start=")
        assert found(BlockRing(device, start=start, blocks=34)) == before
