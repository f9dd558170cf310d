"""Filesystems on the simulated flash: mounted as boards do, kept over power cuts and processes."""

import gc

from flash import NorFlash, SdCard, load, mount, umount
from sim_device import EIO

WASM = False


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def test_each_board_keeps_files_over_a_new_device_and_a_saved_image():
    makers = {
        "esp32": lambda image=None: NorFlash(16, image=image),
        "rp2": lambda image=None: NorFlash(16, page_size=256, image=image),
        "fat": lambda image=None: SdCard(256, image=image),
    }
    for board, make in makers.items():
        device = make()
        mount(device, "/sim", board)
        write("/sim/a", b"kept")
        umount("/sim")
        device.save("image")
        mount(load("image", make), "/sim", board, format=False)
        assert read("/sim/a") == b"kept"
        umount("/sim")


def test_littlefs_keeps_the_old_or_the_new_file_at_every_cut():
    for board, page in (("esp32", 1), ("rp2", 256)):
        base = NorFlash(8, page_size=page)
        mount(base, "/sim", board)
        write("/sim/a", b"old")
        umount("/sim")
        cuts = 0
        while True:
            device = base.revive()
            device.cut_at(cuts, 7)
            mount(device, "/sim", board)
            try:
                write("/sim/a", b"new")
            except OSError:
                pass
            finished = not device.dead
            device.dead = device.dead or finished
            umount("/sim")
            mount(device.revive(), "/sim", board, format=False)
            assert read("/sim/a") in (b"old", b"new")
            umount("/sim")
            if finished:
                break
            cuts += 1
        assert cuts >= 1


def test_files_of_a_device_that_died_can_be_closed_once_another_took_its_place():
    for board, page in (("esp32", 1), ("rp2", 256)):
        device = NorFlash(16, page_size=page)
        mount(device, "/sim", board)
        files = [open("/sim/%d" % number, "wb") for number in range(3)]
        for file in files:
            file.write(b"x" * 600)
        device.dead = True
        again = device.revive()
        for file in files:
            try:
                file.close()
            except OSError as e:
                assert e.errno != EIO, "it went through the midst of littlefs"
        umount("/sim")
        mount(again, "/sim", board, format=False)
        umount("/sim")


def left_open(depth, device):
    """Opens a file some calls deep, where no stale bytes of the stack show where it is, and lets the device die."""
    if depth:
        return left_open(depth - 1, device)
    open("/sim/a", "wb").write(b"x" * 100)
    device.dead = True


def test_a_file_left_open_on_a_device_that_died_leaves_littlefs_list_before_it_is_collected():
    """Else littlefs walks through what lies there then, when the next file is closed: MicroPython crashes."""
    device = NorFlash(24)
    mount(device, "/sim", "esp32")
    write("/sim/b", b"kept")
    readers = [open("/sim/b", "rb") for _ in range(3)]
    left_open(20, device)
    filled = []
    for reader in readers:
        gc.collect()
        filled.append([b"\x7f\x55" * 300 for _ in range(100)])
        reader.close()
    umount("/sim")
