"""The library's own bundles: what they hold, what a wake loads of them, what room they take."""

import re

from click.testing import CliRunner

from tools.bundle.__main__ import main
from tools.compiled import LIBRARY, ROOT, compile_library, joined, write_bundles
from tools.size import blocks


def test_every_public_name_is_found_in_the_bundles(tmp_path, run_on_device):
    write_bundles(tmp_path)
    text = (LIBRARY / "blynk_batch" / "__init__.py").read_text()
    listed = re.search(r"_HOMES = const\((.*?)\n\)", text, re.DOTALL).group(1)
    names = " ".join(re.findall(r'"(.*?)"', listed)).split()[::2]
    script = "import blynk_batch\nprint([n for n in %r if not getattr(blynk_batch, n)])"
    assert len(names) > 12 and run_on_device(script % names, lib=tmp_path) == "[]\n"


def test_every_bundle_is_imported_by_itself(tmp_path, run_on_device):
    found = write_bundles(tmp_path)
    names = sorted(set(found.texts) - {"__init__"} - set(found.natives))
    script = "import blynk_batch\nfor name in %r:\n    blynk_batch.load(name)\nprint('all')"
    assert run_on_device(script % names, lib=tmp_path) == "all\n"


def test_no_bundle_loads_the_core_a_second_time():
    assert [name for name, text in joined().texts.items() if re.search(r"load\(.__init__", text)] == []


def test_asyncio_comes_with_nothing_that_does_without(tmp_path):
    texts = write_bundles(tmp_path).texts
    assert [name for name in texts if re.search("^(    )?import asyncio", texts[name], re.MULTILINE)] == ["_run"]


WAKE = """
import sys, blynk_batch
client = blynk_batch.Client("t" * 32, ring=blynk_batch.FileRing("ring", capacity_bytes=65536))
client.log(1, 21.5)
print(sorted(name for name in sys.modules if name.startswith("blynk_batch.")))
client.close(sleep_ms=1000)
print(sorted(name for name in sys.modules if name.startswith("blynk_batch.")))
"""


def test_a_wake_that_logs_loads_the_core_and_lets_go_of_what_opened_the_ring(tmp_path, run_on_device):
    compile_library(tmp_path / "lib")
    for _ in range(3):
        loaded = run_on_device(WAKE, lib=tmp_path / "lib").replace("'blynk_batch._room'", "")  # not always
        assert loaded.split("\n") == ["[]", "[]", ""]


REFUSED = """
import sys, blynk_batch
class Server:
    def post(self, url, headers, body, timeout_s):
        all_of_it = list(body)
        return 400, {}, b'{"error":{"message":"No datastream"}}'
client = blynk_batch.Client("t" * 32, ring=blynk_batch.FileRing("ring", capacity_bytes=65536), transport=Server())
client.log(1, 21.5, timestamp=1795000000000)
print(client.upload(), sorted(name for name in sys.modules if name.startswith("blynk_batch.")))
"""


def test_an_upload_lets_go_of_what_a_refusal_took(tmp_path, run_on_device):
    write_bundles(tmp_path)
    told = run_on_device(REFUSED, lib=tmp_path)
    assert "PinRefused" in told and "blynk_batch._upload" in told, told
    assert "_outcomes" not in told and "_refused" not in told, told


def test_each_bundle_that_the_table_says_goes_is_let_go_of_there():
    assert joined().kept == []


def test_it_takes_at_most_42_blocks_of_a_picos_flash(tmp_path):
    compile_library(tmp_path / "lib", arch="armv6m")
    assert blocks(tmp_path / "lib" / "blynk_batch") <= 42


def test_make_bundle_writes_the_bundles_and_says_what_is_in_each(monkeypatch, tmp_path):
    monkeypatch.setattr("tools.bundle.__main__.TARGET", ROOT / "build" / "bundles-of-a-test")
    done = CliRunner().invoke(main)
    assert done.exit_code == 0, done.output
    assert re.search(r"^__init__ +\d+ bytes of .mpy: __init__.py .*client.py", done.output, re.MULTILINE)
    made = ROOT / "build" / "bundles-of-a-test"
    assert {path.name for path in made.iterdir()} == {"blynk_batch", "manifest.py"}
    assert "package(" in (made / "manifest.py").read_text()
    frozen = {path.stem: path.read_text() for path in (made / "blynk_batch").iterdir()}
    assert frozen.keys() == joined().parts.keys() - joined().natives and "viper" not in "".join(frozen.values())
    trace = tmp_path / "trace"
    trace.write_text('  File "blynk_batch", line 2000, in f\n  File "/lib/mine.py", line 3, in g\n')
    done = CliRunner().invoke(main, ["--trace", str(trace)])
    ours, other = done.output.splitlines()
    trace.write_bytes(b"\xb5\n")  # a line of a serial port
    assert CliRunner().invoke(main, ["--trace", str(trace)]).output == "\ufffd\n"
    assert re.search(r'File "lib/blynk_batch/\S+.py", line \d+, in f', ours) and '"/lib/mine.py", line 3, in g' in other
