"""MicroPython's own firmware on the emulated Pico, and the tools that talk to boards against it.

Needs a .uf2: FIRMWARE=file.uf2, or the only one in firmware/. Skipped without one.
"""

import json
import os
import re
import signal
import subprocess

import pytest

from tests.host.boards import ROOT, ampy, mpremote, run, run_tool
from tools.emulator import bench, firmware, least, measure, powercut
from tools.emulator.host import EmulatedPico
from tools.emulator.lab import MARK, Lab, RemoteError

pytestmark = pytest.mark.timeout(900)  # a chip of which every instruction is computed


@pytest.fixture(scope="module")
def uf2():
    try:
        path = firmware.find()
    except firmware.FirmwareProblem as problem:
        pytest.skip(str(problem))
    if problem := firmware.missing():
        pytest.fail(problem)
    return path


@pytest.fixture(scope="module")
def installed(uf2, tmp_path_factory):
    return measure.Installed(uf2, tmp_path_factory.mktemp("installed"))


@pytest.fixture
def lab(uf2, tmp_path):
    with Lab(firmware.install(uf2, tmp_path / "flash.img")) as board:
        board.connect()
        yield board


@pytest.fixture
def pico(installed, tmp_path):
    """At a port, with the library."""
    flash = tmp_path / "board.flash"
    flash.write_bytes(installed.image.read_bytes())
    with EmulatedPico(flash) as board:
        yield board


def test_programs_run_files_stay_and_errors_are_told(lab):
    assert lab.exec("print(2.5 * 3, 1 << 40, 'é')").said == "7.5 1099511627776 Ã©\n"  # the console's bytes
    with pytest.raises(RemoteError, match="ZeroDivisionError"):
        lab.exec("1 / 0")
    lab.exec("with open('/file', 'w') as f: f.write('content')")
    lab.power_on()
    lab.connect()
    assert lab.exec("print(open('/file').read())").said == "content\n"


def test_marks_carry_what_happened_between_them(lab):
    answer = lab.exec(MARK + "mark(1)\nwith open('/file', 'w') as f: f.write('x' * 5000)\nmark(2)")
    first, second = answer.marks
    assert (first.mark, second.mark) == (1, 2)
    assert second.cpu_ms > first.cpu_ms and second.erases > first.erases and second.pages >= first.pages + 20


@pytest.mark.parametrize(
    "code, cause",
    [
        ("machine.reset()", "WDT_RESET"),
        ("machine.deepsleep(5000)", "WDT_RESET"),
        ("machine.WDT(timeout=500)\nwhile True: pass", "WDT_RESET"),
    ],
)
def test_each_reset_starts_the_board_again(lab, code, cause):
    # What it says while it goes to sleep would wake it, as on a real one.
    lab.type("import machine, time\ntime.sleep_ms(100)\n%s\x04" % code)
    assert lab.run(ms=20_000, resets=1).why == "resets"
    lab.connect()
    assert lab.exec("import machine\nprint(machine.reset_cause() == machine.%s)" % cause).said == "True\n"


def test_main_py_runs_after_a_reset_and_deep_sleep_takes_its_time(lab):
    program = MARK + "mark(7)\nimport machine\nmachine.deepsleep(60000)"
    lab.exec("with open('/main.py', 'w') as f: f.write(%r)" % program)
    lab.power_on()
    marks = lab.run(ms=200_000, resets=3).marks
    assert [(one.mark, one.resets) for one in marks] == [(7, 0), (7, 1), (7, 2)]
    lab.power_on()
    assert lab.run(ms=59_000, resets=1).why == "ms" and lab.run(ms=3_000, resets=1).why == "resets"


def test_the_bootloader_ends_it(lab):
    lab.type("import machine\nmachine.bootloader()\x04")
    assert lab.run(ms=5_000).why == "bootloader"


def test_mpremote_and_ampy_take_it_for_a_board(pico, tmp_path):
    assert "Raspberry Pi Pico" in mpremote(pico, "exec", "import os; print(os.uname().machine)")
    script = tmp_path / "script.py"
    script.write_text("print(6 * 7)\n")
    mpremote(pico, "fs", "cp", script, ":script.py")
    assert "script.py" in ampy(pico, "ls") and ampy(pico, "run", script).strip() == "42"
    mpremote(pico, "reset")
    assert mpremote(pico, "run", script).strip() == "42"
    mpremote(pico, "exec", "--no-follow", "import machine; machine.bootloader()")
    assert pico.ended.wait(90) and pico.in_bootloader


def test_make_emulate_prints_a_port_and_ctrl_c_ends_it(uf2, tmp_path):
    flash = tmp_path / "board.flash"
    command = ["make", "--no-print-directory", "emulate", "FIRMWARE=%s" % uf2, "ARGS=--flash %s" % flash]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        port = re.search(r" is at (\S+)\. ", running.stdout.readline()).group(1)
        assert "1" in run_tool("mpremote", "connect", port, "exec", "open('/kept', 'w').close(); print(1)")
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        running.wait(90)
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        running.stdout.close()
    with EmulatedPico(flash) as board:
        assert "kept" in mpremote(board, "fs", "ls")


def test_deploy_board_check_and_pull_take_it_for_a_board(pico):
    report = run("make", "--no-print-directory", "board-check", "PORT=" + pico.port)
    assert "| readings after it | 50 of 50 as logged, 0 damaged |" in report
    again = run("make", "--no-print-directory", "deploy", "PORT=" + pico.port)
    assert re.search(r"0 files \(0.0 KB\) copied in \d+ s, \d+ unchanged, 0 removed\. The board imports", again)
    log = "import blynk_batch as b\nc = b.Client('t' * 32)\nfor i in range(9): c.log(1, i)\nc.close()"
    mpremote(pico, "exec", log)
    pulled = run("make", "--no-print-directory", "pull", "ARGS=--port %s --json -" % pico.port)
    assert [json.loads(line)["value"] for line in pulled.splitlines() if line.startswith("{")] == list(range(9))


def test_a_disk_that_is_full_to_the_last_block_has_no_less_than_nothing_free(pico):
    """littlefs counts a block that two files share twice."""
    fill = """
import os
f = open("/big", "wb")
try:
    while True: f.write(bytes(4096)); f.flush()
except OSError: pass
for i in range(40):
    try: open("/small%d" % i, "wb").write(bytes(200))
    except OSError: pass
print(os.statvfs("/")[3])
"""
    assert int(mpremote(pico, "exec", fill).split()[-1]) < 0
    said = run("make", "deploy", "PORT=" + pico.port, "EXAMPLE=pico_w", status=2)
    assert "The board has 0 KB free and " in said


def test_the_bench_measures_every_row(uf2):
    found = bench.run(uf2, readings=16, with_grown=False)
    rows = found["rows"]
    assert found["version"].startswith("MicroPython v1.") and found["form"] in bench.FORMS
    order = ["main.py starts", "ring open", "log() done", "closed"]
    times = [rows["wake, young ring: reset to " + name] for name in order]
    assert 0 < times[0] and times == sorted(times)
    assert 0 < rows["log(), median"] <= rows["log(), p99"] and rows["drain, a point, 1 pin"] > 0
    text = bench.document(found, beside=found)
    assert text.count("\n| log(), mean |") == 1 and "does not model" in text


def test_logs_in_64_kib_of_free_heap_and_drains_in_88(installed, tmp_path):
    if installed.form == "frozen":
        pytest.skip("a firmware with the library frozen in needs less")
    log, drain = least.rows(installed, tmp_path, points=100, step=8).values()
    assert log <= 64 * 1024 and log < drain <= 88 * 1024


REFUSING = """
class Server(Sink):
    uploaded = 0
    def post(self, url, headers, body, timeout_s):
        super().post(url, headers, body, timeout_s)
        if url.endswith("v1"): return 400, {}, b'{"error":{"message":"Value doesn\\'t match the Datastream data type"}}'
        return 200, {}, b"OK"
gc.collect()
taken = bytearray(gc.mem_free() - 110 * 1024)
import blynk_batch
blynk_batch.Requests
client = blynk_batch.Client("t" * 32, ring=blynk_batch.FileRing("/m"), clock=clock, transport=Server())
for hour in range(3):
    clock.step(3600000)
    client.log(1, "text")
    client.log(2, hour)
    Server.uploaded += client.upload().uploaded
print(Server.uploaded, client.pending)
"""


def test_a_refused_pin_holds_up_no_other_in_110_kib_of_free_heap(installed):
    with Lab(installed.image) as lab:
        lab.connect()
        lab.exec(measure.PRELUDE)
        assert lab.exec(REFUSING).said == "3 3\n"


def test_no_cut_in_the_firmware_s_writes_loses_a_reading(uf2):
    results = powercut.run(uf2, cuts=20, seed=3)
    assert [problems for _, _, problems in results] == [[], []]
    assert sum(ledger.readings for ledger, _, _ in results) > 100
    assert sum(ledger.opened for ledger, _, _ in results) >= 10
