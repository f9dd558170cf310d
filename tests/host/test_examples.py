"""Every example runs as on its board, with stand-ins for the hardware alone; the database says what arrived."""

import time

import pytest

from tests.host.simulated_board import Board

AT_ONCE = {"MEASURE_EVERY_S": 0, "UPLOAD_EVERY_S": 0}


@pytest.fixture
def start(tmp_path, sandbox):
    """start(example, port, wiring, status=0, **settings): the board, and what the example printed."""

    def run(example, port, wiring, status=0, **settings):
        board = Board(tmp_path, port)
        board.install(example, TOKEN=sandbox.token, SERVER=sandbox.url, **{**AT_ONCE, **settings})
        return board, board.start(wiring, status)

    return run


def values(sandbox, pin):
    return [value for _, _, value in sandbox.points(pin)]


def test_pico_w_keeps_what_it_measured_offline_and_sends_it_in_one_request(start, sandbox):
    # 14,019 of 65,535 at 3.3 V is 0.70593 V: 27.0 degrees; a hundred more are 2.93 degrees less.
    readings = "machine.wire(4, [14019, 14119, 14219, 14319])\nnetwork.WLAN.script = [False, False, True]"
    board, output = start("pico_w", "rp2", readings)
    assert values(sandbox, "V1") == [27.0, 24.1, 21.2, 18.3]
    assert [batch["points"] for batch in sandbox.batches()] == [3, 1]
    assert output.splitlines()[-1] == "Ctrl-C"
    board.start("machine.wire(4, [14419, 14519])")
    assert values(sandbox, "V1")[4:] == [15.3, 12.4], "nothing is sent twice after a restart"


def test_pico_w_gives_readings_from_before_the_clock_was_set_their_time(start, sandbox):
    before_ms = time.time() * 1000
    wiring = "import time\ntime.forget()\nmachine.wire(4, [14019, 14119, 14219, 14319])\n"
    start("pico_w", "rp2", wiring + "network.WLAN.script = [False, False, True]", MEASURE_EVERY_S=60)
    assert values(sandbox, "V1") == [27.0, 24.1, 21.2, 18.3]
    times = [ms for _, ms, _ in sandbox.points()]
    assert before_ms - 1000 < times[0] and times == sorted(times)
    assert [round((b - a) / 60000) for a, b in zip(times, times[1:])] == [1, 1, 1]


def test_esp32_skips_a_sensor_that_does_not_answer_and_sends_both_values_of_the_others(start, sandbox):
    wiring = "machine.wire(4, [(21.5, 48.5), 'fails', (21.75, 47.25)])\nnetwork.WLAN.script = [False, True]"
    _, output = start("esp32", "esp32", wiring)
    assert (values(sandbox, "V1"), values(sandbox, "V2")) == ([21.5, 21.75], [48.5, 47.25])
    assert len({ms for _, ms, _ in sandbox.points()}) == 2, "both values of a measurement have one timestamp"
    assert "sensor: 116" in output


# The network comes once the door has moved and there are a few levels, and Ctrl-C some looks at it later.
ASYNCIO = """
machine.wire(26, (number * 100 for number in range(100000)))
machine.wire(15, [0, 0, 1, 1, 0] + [0] * 100000)
looks = []

def isconnected(wlan):
    if machine.taken(15) < 6 or machine.taken(26) < 5:
        return False
    looks.append(True)
    if len(looks) > 3:
        raise KeyboardInterrupt
    return True

network.WLAN.isconnected = isconnected
"""


def test_asyncio_logs_the_door_and_the_level_side_by_side_with_the_upload(start, sandbox):
    board, _ = start("asyncio", "rp2", ASYNCIO, MEASURE_EVERY_S=0.1, LOOK_EVERY_S=0.02)
    assert values(sandbox, "V2") == ["open", "closed"]
    levels = values(sandbox, "V1")
    assert 5 <= len(levels)
    assert levels == pytest.approx([round(number * 100 * 100 / 65535, 2) for number in range(len(levels))])


def test_asyncio_makes_a_connection_anew_that_brought_no_reply(start, sandbox):
    sandbox.fault("offline", count=1)
    _, output = start("asyncio", "rp2", ASYNCIO, MEASURE_EVERY_S=0.1, LOOK_EVERY_S=0.02)
    assert "no reply" in output and output.count("Wi-Fi: connected as") > 1, output


CHIP = """
import spi_nor
chip = part(lambda image: spi_nor.Chip(image, %s), %r)
machine.SPI.chips[17] = chip
machine.wire(26, %r)
"""


def assert_volts(sandbox, raw):
    assert values(sandbox, "V1") == [round(each * 3.3 / 65535, 3) for each in raw]


def test_external_flash_keeps_its_readings_on_the_chip(start, sandbox, tmp_path):
    chip = str(tmp_path / "chip.bin")
    offline, online = list(range(20000, 20150)), list(range(30000, 30003))
    wiring = CHIP % ("", chip, offline) + "network.WLAN.script = [False]\n"
    board, _ = start("external_flash", "rp2", wiring)
    assert sandbox.points() == []
    board.start(CHIP % ("", chip, online))
    assert_volts(sandbox, offline + online)
    assert [batch["points"] for batch in sandbox.batches()] == [152, 1]


def test_external_flash_loses_nothing_that_was_logged_when_the_power_goes_within_a_program(start, sandbox, tmp_path):
    chip = str(tmp_path / "chip.bin")
    raw = list(range(20000, 20100))
    cut = "network.WLAN.script = [False]\nchip.flash.cut_at(40, 5)\n"
    board, output = start("external_flash", "rp2", CHIP % ("", chip, raw) + cut, status=1)
    assert "OSError" in output
    board.start(CHIP % ("", chip, [40000, 40000]))
    arrived = values(sandbox, "V1")
    logged = [round(each * 3.3 / 65535, 3) for each in raw[: len(arrived) - 2]]
    assert arrived == logged + [2.014] * 2 and 30 < len(logged) < 42


def test_external_flash_goes_on_where_a_block_of_the_chip_is_worn_out(start, sandbox, tmp_path):
    raw = list(range(20000, 20600))
    worn = "network.WLAN.script = [False] * 580 + [True]\nchip.flash.bad = {1: 'wrong'}\n"
    start("external_flash", "rp2", CHIP % ("", str(tmp_path / "chip.bin"), raw) + worn)
    assert_volts(sandbox, raw)


@pytest.mark.parametrize(
    "options, says",
    [
        ("busy_polls=None", "ETIMEDOUT: the flash stays busy"),
        ("protected=True", "EIO"),
        ("maker=0xFF", "no SPI NOR flash of at most 16 MB answers, id ff4011"),
    ],
)
def test_external_flash_says_what_is_wrong_with_a_chip(start, tmp_path, options, says):
    wiring = CHIP % (options, str(tmp_path / "chip.bin"), [1])
    _, output = start("external_flash", "rp2", wiring, status=1)
    assert says in output.splitlines()[-1]


def test_external_flash_says_that_no_chip_is_there(start):
    _, output = start("external_flash", "rp2", "machine.wire(26, [1])", status=1)
    assert "ETIMEDOUT: the flash stays busy, or none is wired to these pins" in output.splitlines()[-1]


def test_external_flash_wakes_a_chip_that_sleeps_and_waits_for_one_that_is_busy(start, sandbox, tmp_path):
    wiring = CHIP % ("asleep=True, busy_polls=50, busy=5", str(tmp_path / "chip.bin"), [20000, 20001])
    start("external_flash", "rp2", wiring)
    assert_volts(sandbox, [20000, 20001])


def test_external_flash_leaves_a_chip_that_holds_something_else_alone_until_told(start, sandbox, tmp_path):
    chip = tmp_path / "chip.bin"
    chip.write_bytes(b"a table of glyphs" * 8192)
    wiring = CHIP % ("", str(chip), [20000, 20001])
    chip.write_bytes(chip.read_bytes()[: 1 << 17])
    before = chip.read_bytes()
    _, output = start("external_flash", "rp2", wiring, status=1)
    assert "WrongDevice" in output and chip.read_bytes() == before
    start("external_flash", "rp2", wiring, ERASE_CHIP=True)
    assert_volts(sandbox, [20000, 20001])


LITTLEFS = """
import os
import machine
import nor

chip = nor.NorFlash(machine.SPI(0), machine.Pin(17, machine.Pin.OUT, value=1))
os.VfsLfs2.mkfs(chip)
os.mount(os.VfsLfs2(chip), "/chip")
for number in range(20):
    with open("/chip/file", "ab") as f:
        f.write(bytes(number for _ in range(500)))
os.umount("/chip")
os.mount(os.VfsLfs2(chip), "/chip")
with open("/chip/file", "rb") as f:
    print(f.read() == b"".join(bytes(number for _ in range(500)) for number in range(20)))
"""


def test_the_driver_of_external_flash_serves_littlefs_too(tmp_path):
    board = Board(tmp_path, "rp2")
    board.install("external_flash")
    board.program(LITTLEFS)
    assert board.start(CHIP % ("", str(tmp_path / "chip.bin"), [])) == "True\nmain.py ended\n"


CARD = """
import flash
machine.SDCard.card = part(lambda image: flash.SdCard(%d, image), %r)
machine.wire(34, %r)
"""


def test_sd_card_takes_over_a_card_once_it_may_and_keeps_its_readings_there(start, sandbox, tmp_path):
    card = tmp_path / "card.bin"
    card.write_bytes(b"\xebX\x90mkfs.fat" + bytes(501) + bytes(255 * 512))
    raw = [20000, 20100, 20200]
    wiring = CARD % (256, str(card), raw) + "network.WLAN.script = [False]\n"
    _, output = start("sd_card", "esp32", wiring, status=1, RING_BLOCKS=256)
    assert "WrongDevice" in output
    board, _ = start("sd_card", "esp32", wiring, RING_BLOCKS=256, ERASE_CARD=True)
    assert sandbox.points() == []
    board.start(CARD % (256, str(card), [20300, 20400]))
    assert_volts(sandbox, raw + [20300, 20400])
    assert len(sandbox.batches()) == 1


def test_health_reports_the_outage_and_the_battery(start, sandbox):
    wiring = "machine.wire(4, [14019] * 3)\nmachine.wire(26, [39718] * 4)\n"
    start("health", "rp2", wiring + "network.WLAN.script = [False, True]")
    assert values(sandbox, "V1") == [27.0] * 3
    assert values(sandbox, "V10") == [0, 7, 0], "without the signal, which an offline board does not know"
    assert values(sandbox, "V11") == values(sandbox, "V12") == [0, 0, 0]
    assert values(sandbox, "V13") == [4.0] * 3
    assert values(sandbox, "V14") == [-61]
    assert all(free > 0 for free in values(sandbox, "V15"))
    assert values(sandbox, "V16") == ["none"] * 3


def test_health_tells_the_last_error_once_the_server_can_be_reached(start, sandbox):
    sandbox.fault("too_many_requests", count=1, retry_after_s=1)
    start("health", "rp2", "machine.wire(4, [14019] * 4)\nmachine.wire(26, [39718] * 4)\n", MEASURE_EVERY_S=2)
    assert values(sandbox, "V16") == ["none"] * 2 + ["the server answered 429: Too many requests."] * 2


@pytest.mark.parametrize(("port", "inputs"), [("rp2", (26, 27, 28, 4)), ("esp32", (32, 33, 34, 35))])
def test_station_measures_four_values_and_sends_them_when_it_is_online(start, sandbox, port, inputs):
    wiring = "".join("machine.wire(%d, [%d, %d, %d])\n" % (pin, pin, pin + 100, pin + 200) for pin in inputs)
    start("station", port, wiring + "network.WLAN.script = [False, False, True]")
    for pin, gpio in zip((1, 2, 3, 4), inputs):
        assert values(sandbox, pin) == [gpio, 100 + gpio, 200 + gpio]


WATCHED = {"pico_w": "rp2", "esp32": "esp32", "external_flash": "rp2", "sd_card": "esp32", "health": "rp2"}
WIRED = """
import flash, spi_nor
machine.wire(4, [(21, 50)] * 100 if machine.sys.platform == "esp32" else [14000] * 100)
machine.wire(26, [100] * 100)
machine.wire(34, [100] * 100)
machine.SPI.chips[17] = spi_nor.Chip()
machine.SDCard.card = flash.SdCard(256)
network.WLAN.script = [False, True, False, False] + [True] * 5 + [None]
fed, feed = [], machine.WDT.feed
machine.WDT.feed = lambda wdt: fed.append(1) or feed(wdt)
"""


@pytest.mark.parametrize("example", WATCHED)
def test_a_watchdog_that_bites_after_eight_seconds_lets_each_example_live(start, sandbox, example):
    settings = {"RING_BLOCKS": 256, "ERASE_CARD": True} if example == "sd_card" else {}
    _, output = start(example, WATCHED[example], WIRED, MEASURE_EVERY_S=60, **settings)
    assert output.endswith("Ctrl-C\n") and "Wi-Fi: connected as 192.168.1.20" in output
    assert len(values(sandbox, "V1")) >= 8


@pytest.mark.parametrize("example", [*WATCHED, "station"])
def test_a_connection_that_brought_no_reply_is_made_anew(start, sandbox, example):
    sandbox.fault("offline", count=1)
    wiring = WIRED + "network.WLAN.script = [False] + [True] * 8 + [None]\n"
    wiring += "for pin in (27, 28): machine.wire(pin, [100] * 100)"
    settings = {"RING_BLOCKS": 256, "ERASE_CARD": True} if example == "sd_card" else {}
    _, output = start(example, WATCHED.get(example, "rp2"), wiring, MEASURE_EVERY_S=60, **settings)
    assert "NetworkError" in output and output.count("Wi-Fi: connected as") > 1, output
