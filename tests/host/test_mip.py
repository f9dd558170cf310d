"""package.json: true to lib/, and enough for mip: from this machine by mpremote, from a server by the board's own."""

import functools
import http.server
import json
import threading

import pytest
from click.testing import CliRunner

from tests.host.boards import ROOT, mpremote, run
from tools import package
from tools.compiled import compile_library

LIBRARY = ROOT / "lib" / "blynk_batch"
USE = """
import blynk_batch
client = blynk_batch.Client("t" * 32, ring=blynk_batch.FileRing(%r))
client.log("V1", 21.5)
print(blynk_batch.__version__, client.pending, list(client.points())[0][0])
"""


def test_package_json_is_what_make_package_writes():
    written = (ROOT / "package.json").read_text()
    expected = package.package(package.base_of(json.loads(written)))
    assert written == package.text(expected), "run `make package`"


@pytest.mark.parametrize("base", ["", "github:owner/repository", "https://example.com/a"])
def test_make_package_keeps_the_base_that_it_finds(base):
    assert package.base_of(package.package(base)) == base


@pytest.mark.parametrize(
    "base", ["192.168.1.10:8000", "http:/192.168.1.10", "github:owner", "owner/repository", "http://a b"]
)
def test_a_base_that_mip_does_not_take_is_refused_before_a_file_is_written(base, tmp_path):
    done = CliRunner().invoke(package.main, ["--base", base, "--output", str(tmp_path / "package.json")])
    assert done.exit_code == 1 and "Error: BASE=%s is not as mip takes it: " % base in done.output
    assert not list(tmp_path.iterdir())


def test_a_package_in_another_folder_names_the_files_as_seen_from_there(tmp_path):
    done = CliRunner().invoke(package.main, ["--base", "", "--output", str(tmp_path / "package.json")])
    urls = json.loads((tmp_path / "package.json").read_text())["urls"]
    assert done.exit_code == 0 and all((tmp_path / source).samefile(LIBRARY.parent / target) for target, source in urls)


def test_it_names_every_file_and_the_version():
    content = json.loads((ROOT / "package.json").read_text())
    assert {target for target, _ in content["urls"]} == {"blynk_batch/" + name for name in names()}
    assert all((ROOT / source).read_bytes() for _, source in content["urls"])
    assert '__version__ = "%s"' % content["version"] in (LIBRARY / "__init__.py").read_text()


def test_mpremote_installs_it_onto_a_board(board):
    mpremote(board, "mip", "install", "./package.json")
    assert names(board.folder / "lib" / "blynk_batch") == names()
    assert mpremote(board, "exec", USE % "/readings").split()[1:] == ["1", "1"]


def test_make_package_makes_compiled_bundles_that_mip_installs(board, tmp_path):
    package.write_compiled(tmp_path / "package")
    mpremote(board, "mip", "install", str(tmp_path / "package" / "package.json"))
    installed = board.folder / "lib"
    expected = compile_library(tmp_path / "expected")
    assert {path.relative_to(installed).as_posix() for path in installed.rglob("*.*")} == set(expected)
    assert all((installed / name).read_bytes() == (tmp_path / "expected" / name).read_bytes() for name in expected)
    assert mpremote(board, "exec", USE % "/readings").split()[1:] == ["1", "1"]


def names(folder=LIBRARY):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}


@pytest.fixture
def server():
    """Serves this checkout, as a code host would."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=str(ROOT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield "http://127.0.0.1:%d" % running.server_port
        running.shutdown()
        thread.join()


def test_a_boards_own_mip_installs_it_from_a_server(server, run_on_device, tmp_path):
    listing = ROOT / "build" / "mip" / tmp_path.name / "package.json"
    run("make", "--no-print-directory", "package", "BASE=" + server, "ARGS=--output '%s'" % listing)
    target = tmp_path / "target"
    target.mkdir()
    url = "%s/%s" % (server, listing.relative_to(ROOT).as_posix())
    run_on_device("import mip\nmip.install(%r, target=%r)" % (url, str(target)))
    listing.unlink()
    installed = target / "blynk_batch"
    assert names(installed) == names()
    assert all((installed / name).read_bytes() == (LIBRARY / name).read_bytes() for name in names())
    assert run_on_device(USE % str(tmp_path / "readings"), lib=target).split()[1:] == ["1", "1"]


def test_a_boards_own_mip_installs_compiled_bundles_from_a_folder_that_is_served(server, run_on_device, tmp_path):
    folder = ROOT / "build" / "mip" / (tmp_path.name + "-compiled")
    package.write_compiled(folder, server)
    target = tmp_path / "target"
    target.mkdir()
    url = "%s/%s/package.json" % (server, folder.relative_to(ROOT).as_posix())
    run_on_device("import mip\nmip.install(%r, target=%r)" % (url, str(target)))
    assert {path.suffix for path in (target / "blynk_batch").iterdir()} == {".mpy"}
    assert run_on_device(USE % str(tmp_path / "readings"), lib=target).split()[1:] == ["1", "1"]
