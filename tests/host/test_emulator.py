"""The emulated Pico itself, without any firmware: its boot ROM, flash, resets and console under programs of a few
instructions. test_emulator_firmware.py is the same with MicroPython.
"""

import os
import resource
import select
import struct
from contextlib import closing

import pytest
from click.testing import CliRunner

from tests.host import thumb
from tests.host.boards import run
from tools.emulator import bench, elf, firmware
from tools.emulator.host import EmulatedPico
from tools.emulator.lab import Lab, LabError

BUFFER = 0x20000000  # what is programmed has to lie in RAM
PLACE = 0x100000


@pytest.fixture
def lab(tmp_path):
    """lab(code, data={offset: bytes}): an emulated board with this in its flash."""
    if problem := firmware.missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(problem)
    started = []

    def start(code, data=None):
        path = tmp_path / "flash.img"
        path.write_bytes(thumb.image(code, data))
        started.append(Lab(path))
        return started[-1]

    yield start
    for one in started:
        one.close()


def erase(at, count):
    return thumb.call_rom("RE", at, count, 1 << 16, 0xD8)


def program(at, byte, count=256):
    """Fills RAM with the byte and programs it."""
    return thumb.call_rom("MS", BUFFER, byte, count) + thumb.call_rom("RP", at, BUFFER, count)


def mark(number):
    return thumb.put(thumb.SCRATCH0, number)


def test_a_program_runs_from_reset_and_its_marks_carry_the_cycles(lab):
    board = lab(mark(1) + mark(2) + thumb.HALT)
    answer = board.run(ms=1, mark=2)
    assert [one.mark for one in answer.marks] == [1, 2]
    # Two constants of 7 instructions, a cycle each, and the store's own; at 125 MHz.
    assert answer.marks[1].cpu_ms - answer.marks[0].cpu_ms == pytest.approx((14 + 5) / 125_000)
    assert answer.why == "mark"


def test_a_board_without_a_program_waits_in_its_bootloader(lab):
    assert lab([]).run(ms=1).why == "bootloader"


def test_a_program_enters_the_bootloader_through_the_rom(lab):
    assert lab(thumb.call_rom("UB", 0, 0) + thumb.HALT).run(ms=10).why == "bootloader"


def test_erase_and_program_go_through_the_rom_s_table(lab):
    old = {PLACE - 1: b"\x00" * 4098}
    board = lab(erase(PLACE, 4096) + program(PLACE + 256, 0x5A) + mark(1) + thumb.HALT, old)
    answer = board.run(ms=100, mark=1)
    assert (answer.now.erases, answer.now.pages) == (1, 1)
    expected = b"\x00" + b"\xff" * 256 + b"\x5a" * 256 + b"\xff" * 3584 + b"\x00"
    assert board.read_flash(PLACE - 1, 4098) == expected


def test_programming_only_clears_bits(lab):
    board = lab(erase(PLACE, 4096) + program(PLACE, 0x3C) + program(PLACE, 0x5A) + mark(1) + thumb.HALT)
    board.run(ms=100, mark=1)
    assert board.read_flash(PLACE, 256) == bytes([0x3C & 0x5A]) * 256


def test_what_the_rom_does_not_have_is_not_found(lab):
    letters = ord("?") | ord("?") << 8
    code = thumb.movs(2, 0x14) + thumb.ldrh(0, 2) + thumb.ldrh(3, 2, 4) + thumb.constant(1, letters) + thumb.blx(3)
    code += thumb.constant(1, thumb.SCRATCH0) + thumb.store(0, 1) + thumb.HALT
    assert [one.mark for one in lab(code).run(ms=1).marks] == [0]


def test_a_breakpoint_of_the_program_itself_is_an_error_that_names_it(lab):
    with pytest.raises(LabError, match="breakpoint 7, address 0x100001"):
        lab([0xBE07]).run(ms=1)


def reset_by_watchdog():
    """Marks what the second scratch register holds, adds one, and resets."""
    code = thumb.constant(4, thumb.SCRATCH1) + thumb.ldr(5, 4) + thumb.constant(6, thumb.SCRATCH0) + thumb.store(5, 6)
    return code + thumb.adds(5, 1) + thumb.store(5, 4) + thumb.put(thumb.WATCHDOG, 1 << 31) + thumb.HALT


def test_a_reset_keeps_scratch_registers_and_power_on_clears_them(lab):
    board = lab(reset_by_watchdog())
    answer = board.run(ms=10, resets=3)
    assert [one.mark for one in answer.marks] == [0, 1, 2]
    assert [one.resets for one in answer.marks] == [0, 1, 2]
    assert answer.why == "resets" and answer.now.resets == 3
    board.power_on()
    assert [one.mark for one in board.run(ms=10, resets=1).marks] == [0]


def test_a_watchdog_that_is_not_fed_resets_in_its_time(lab):
    # LOAD counts down twice a microsecond (the chip's erratum E1); CTRL enables it.
    code = mark(1) + thumb.put(thumb.WATCHDOG + 4, 10_000) + thumb.put(thumb.WATCHDOG, 1 << 30) + thumb.HALT
    board = lab(code)
    first = board.run(ms=100, resets=1)
    assert first.why == "resets"
    assert board.run(ms=4).why == "ms"  # 5 ms have not passed
    assert board.run(ms=2, resets=1).why == "resets"


@pytest.mark.parametrize("seed", range(12))
def test_a_cut_in_a_program_leaves_bits_old_or_new_and_the_rest_as_it_was(lab, seed):
    board = lab(program(PLACE, 0x0F) + program(PLACE + 256, 0x33) + mark(1) + thumb.HALT)
    board.cut_power_after(1, seed)
    answer = board.run(ms=100, mark=1)
    kind = answer.cut.split()[1]
    assert answer.why == "cut" and answer.cut == "program %s at 0x%x" % (kind, PLACE + 256)
    assert board.read_flash(PLACE, 256) == b"\x0f" * 256  # the operation before
    torn = board.read_flash(PLACE + 256, 256)
    assert all(byte & 0x33 == 0x33 for byte in torn)  # a bit that stays 1 never becomes 0
    if kind == "whole":
        assert torn == b"\x33" * 256
    elif kind == "prefix":
        assert torn == (b"\x33" * torn.count(0x33)).ljust(256, b"\xff")
    else:
        assert kind == "bits" and len(set(torn)) > 4
    board.power_on()
    assert board.run(ms=100, mark=1).why == "mark"  # one cut is one cut
    assert board.read_flash(PLACE + 256, 256) == b"\x33" * 256


@pytest.mark.parametrize("seed", range(12))
def test_a_cut_in_an_erase_sets_bits_and_clears_none(lab, seed):
    board = lab(program(PLACE + 8192, 0) + erase(PLACE, 4096) + mark(1) + thumb.HALT, {PLACE: b"\x5a" * 4097})
    board.cut_power_after(0, seed, erases_only=True)
    answer = board.run(ms=100, mark=1)
    kind = answer.cut.split()[1]
    torn = board.read_flash(PLACE, 4097)
    assert (answer.now.pages, answer.now.erases) == (1, 0)
    assert torn[4096] == 0x5A and all(byte & 0x5A == 0x5A for byte in torn)
    if kind in ("untouched", "whole"):
        assert set(torn[:4096]) == {0x5A if kind == "untouched" else 0xFF}
    elif kind == "prefix":
        assert torn[:4096] == (b"\xff" * torn.count(0xFF)).ljust(4096, b"\x5a")
    else:
        assert kind == "bits" and len(set(torn)) > 4


def test_all_kinds_of_torn_writes_come_up(lab):
    kinds = set()
    board = lab(program(PLACE, 0) + erase(PLACE, 4096) + mark(1) + thumb.HALT)
    for seed in range(40):
        board.power_on()
        board.cut_power_after(seed % 2, seed)
        kinds.add(board.run(ms=100, mark=1).cut.rpartition(" at")[0])
    assert kinds == {"program " + k for k in ("bits", "prefix", "whole")} | {
        "erase " + k for k in ("bits", "prefix", "untouched", "whole")
    }


ECHO = (
    thumb.constant(4, thumb.UART0)
    + thumb.put(thumb.UART0 + 0x30, 0x301)  # UARTCR: on, both ways
    + thumb.constant(4, thumb.UART0)
    # again: while the receiver is empty (UARTFR bit 4); what it has, plus one, goes back
    + thumb.ldr(0, 4, 0x18)
    + [0x06C0, 0xD4FC]  # LSLS r0, #27; BMI again
    + thumb.ldr(0, 4)
    + thumb.adds(0, 1)
    + thumb.store(0, 4)
    + [0xE7F8]  # B again
)


def test_the_console_speaks_and_listens_before_there_is_usb(lab):
    board = lab(ECHO)
    board.run(ms=1)
    board.type("HAL")
    assert board.until("IBM", ms=100).said == "IBM"


def test_the_port_reaches_the_board_and_its_flash_is_the_file(lab, tmp_path):
    lab([])  # asks for Node.js
    flash = tmp_path / "board.flash"
    flash.write_bytes(thumb.image(program(PLACE, 0x42) + ECHO))
    with EmulatedPico(flash) as board:
        port = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
        os.write(port, b"HAL")
        said = b""
        while said != b"IBM":
            assert select.select([port], [], [], 90)[0], said
            said += os.read(port, 100)
        os.close(port)
    assert flash.read_bytes()[PLACE : PLACE + 256] == b"\x42" * 256


def test_the_port_s_board_ends_in_its_bootloader(lab, tmp_path):
    lab([])
    flash = tmp_path / "board.flash"
    flash.write_bytes(thumb.image(thumb.call_rom("UB", 0, 0)))
    with closing(EmulatedPico(flash)) as board:
        assert board.ended.wait(90) and board.in_bootloader


def test_a_second_emulator_leaves_the_flash_of_a_board_that_runs_alone(lab, tmp_path, file):
    lab([])
    flash = tmp_path / "board.flash"
    flash.write_bytes(thumb.image(ECHO))
    options = "ARGS=--flash %s" % flash
    with EmulatedPico(flash):
        before = flash.read_bytes()
        command = ("make", "--no-print-directory", "emulate", "FIRMWARE=%s" % file(uf2({PLACE: PAGE})), options)
        said = run(*command, status=2)
        assert "Error: %s is the flash of a board that runs" % flash in said and flash.read_bytes() == before
    said = run(*command[:-1], "ARGS=--flash %s/below" % flash, status=2)
    assert "Error: %s cannot be the flash: " % flash in said and "Traceback" not in said


def uf2(pages, family=0xE48BFF56):
    blocks = []
    for number, (at, data) in enumerate(pages.items()):
        head = (0x0A324655, 0x9E5D5157, 0x2000, thumb.FLASH + at, len(data), number, len(pages), family)
        blocks.append(struct.pack("<8I476sI", *head, data, 0x0AB16F30))
    return b"".join(blocks)


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "file.uf2"
        path.write_bytes(content)
        return path

    return write


PAGE = b"MicroPython".ljust(256, b"\0")


def test_a_firmware_goes_into_the_flash_and_files_stay(file, tmp_path):
    image = tmp_path / "folder" / "flash"
    firmware.install(file(uf2({0: PAGE, 512: b"\x01" * 256})), image)
    data = image.read_bytes()
    assert (len(data), data[:256], data[256:512]) == (thumb.FLASH_BYTES, PAGE, b"\xff" * 256)
    image.write_bytes(data[:PLACE] + b"file" + data[PLACE + 4 :])
    firmware.install(file(uf2({0: PAGE, 512: b"\x02" * 256})), image)
    assert image.read_bytes()[512:516] + image.read_bytes()[PLACE : PLACE + 4] == b"\x02\x02\x02\x02file"


def test_a_file_that_is_no_flash_is_left_as_it_is(file, tmp_path):
    dump = tmp_path / "dump"
    for content in (b"of a board", bytes(848 * 1024)):
        dump.write_bytes(content)
        with pytest.raises(firmware.FirmwareProblem, match="%d bytes, and a Pico's flash has" % len(content)):
            firmware.install(file(uf2({0: PAGE})), dump)
        assert dump.read_bytes() == content


def test_a_flash_whose_disk_is_full_keeps_its_files(tmp_path, file):
    image = tmp_path / "here" / "flash"
    firmware.install(file(uf2({0: PAGE})), image)
    before = image.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(OSError):
            firmware.install(file(uf2({512: PAGE})), image)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert image.read_bytes() == before and list(image.parent.iterdir()) == [image]


@pytest.mark.parametrize(
    "content, why",
    [
        (b"", "no UF2 file"),
        (uf2({0: PAGE})[:-4], "no UF2 file"),
        (uf2({0: PAGE}, 0xE48BFF59), "not MicroPython for the RP2040"),
        (uf2({0: b"\0" * 256}), "not MicroPython for the RP2040"),
        (uf2({0: b"MicroPython Pico W".ljust(256)}), "is for the Pico W"),
    ],
)
def test_another_file_is_refused_in_words(file, content, why):
    with pytest.raises(firmware.FirmwareProblem, match=why + ".*micropython.org/download/RPI_PICO"):
        firmware.pages(file(content))


def test_the_firmware_is_found_by_name_and_in_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(firmware, "FOLDER", tmp_path)
    monkeypatch.delenv("FIRMWARE", raising=False)
    with pytest.raises(firmware.FirmwareProblem, match="RPI_PICO.*firmware/"):
        firmware.find()
    with pytest.raises(firmware.FirmwareProblem, match="There is no file missing.uf2"):
        firmware.find("missing.uf2")
    one = tmp_path / "one.uf2"
    one.touch()
    assert firmware.find() == one == firmware.find("one.uf2")
    (tmp_path / "two.uf2").touch()
    with pytest.raises(firmware.FirmwareProblem, match="one.uf2 and two.uf2"):
        firmware.find()
    monkeypatch.setenv("FIRMWARE", str(tmp_path / "two.uf2"))
    assert firmware.find() == tmp_path / "two.uf2"


def test_make_emulate_without_a_firmware_says_which_and_where_from():
    if list(firmware.FOLDER.glob("*.uf2")):
        pytest.skip("there is one in firmware/")
    environment = {name: value for name, value in os.environ.items() if name not in ("FIRMWARE", "MAKEFLAGS")}
    said = run("make", "--no-print-directory", "emulate", status=2, env=environment)
    assert "RPI_PICO" in said and "micropython.org/download/RPI_PICO" in said and "Traceback" not in said


def test_each_boot_draws_numbers_of_its_own(lab):
    """Firmware seeds `random` by them: a wait that is drawn anew with each wake must not be the same one for ever."""
    draw = thumb.ldr(1, 2, 0x1C) + thumb.store(1, 0)  # the ring oscillator's random bit, as a mark
    board = lab(thumb.constant(2, 0x40060000) + thumb.constant(0, thumb.SCRATCH0) + 32 * draw + thumb.HALT)
    drawn = []
    for _ in range(2):
        drawn.append([one.mark for one in board.run(ms=1).marks])
        board.power_on()
    assert [len(bits) for bits in drawn] == [32, 32] and set(drawn[0]) == {0, 1} and drawn[0] != drawn[1]


def test_symbols_of_an_elf_are_found_by_name():
    names = b"\0" + b"lfs2_stat\0other\0"
    symbols = struct.pack("<3IBBH", 1, 0x10000101, 4, 2, 0, 1) + struct.pack("<3IBBH", 11, 0x10000201, 4, 2, 0, 1)
    at = 52 + len(names)
    data = b"\x7fELF\x01\x01".ljust(32, b"\0") + struct.pack("<I10xHH", at + len(symbols), 40, 2)
    data = data.ljust(52, b"\0") + names + symbols
    data += struct.pack("<10I", 0, 3, 0, 0, 52, len(names), 0, 0, 1, 0)
    data += struct.pack("<10I", 0, 2, 0, 0, at, len(symbols), 0, 0, 4, 16)
    assert elf.functions(data, {"lfs2_stat"}) == {0x10000100: "lfs2_stat"}
    with pytest.raises(elf.NoElf):
        elf.functions(b"MZ", {"lfs2_stat"})


def test_time_is_the_board_s_own(lab):
    board = lab(thumb.HALT)
    now = board.run(ms=100_000).now
    assert now.ms == pytest.approx(100_000, rel=1e-4) and now.cpu_ms < 1


def test_files_that_the_bench_cannot_use_are_told_before_minutes_of_measuring(tmp_path):
    for content in ("no JSON", "{}", "[]"):
        (tmp_path / "before.json").write_text(content)
        done = CliRunner().invoke(bench.main, ["--beside", str(tmp_path / "before.json")])
        assert done.exit_code == 1 and "before.json holds no figures of an earlier run" in done.output
    done = CliRunner().invoke(bench.main, ["--elf", str(tmp_path / "before.json")])
    assert done.exit_code == 1 and "before.json: not a 32-bit little-endian .elf" in done.output
    done = CliRunner().invoke(bench.main, ["--out", str(tmp_path / "before.json" / "new")])
    assert done.exit_code == 1 and "cannot be used: " in done.output
