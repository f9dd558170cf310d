"""make release: the zips hold what they say, install as they say, and are the same bytes each time."""

import hashlib
import json
import re
import zipfile

import pytest
from click.testing import CliRunner

from tests.host.boards import mpremote
from tools import package, release
from tools.bundle import __main__ as bundle
from tools.compiled import LIBRARY

USE = """
import blynk_batch
client = blynk_batch.Client("t" * 32, ring=blynk_batch.FileRing("/readings"))
client.log("V1", 21.5)
print(blynk_batch.__version__, client.pending, blynk_batch.__file__)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder with a release."""
    folder = tmp_path_factory.mktemp("release") / "made"
    release.write(folder)
    return folder


@pytest.fixture
def unpacked(made, tmp_path):
    """unpacked(form): a folder with that zip's files."""

    def unpack(form):
        (path,) = made.glob("*-%s.zip" % form)
        with zipfile.ZipFile(path) as zipped:
            zipped.extractall(tmp_path / form)
        return tmp_path / form

    return unpack


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_same_sources_make_the_same_bytes(made, tmp_path):
    paths = release.write(tmp_path / "again")
    assert len(paths) == 4
    assert all(path.read_bytes() == (made / path.name).read_bytes() for path in paths)


@pytest.mark.parametrize("module, target", [(release, "TARGET"), (package, "COMPILED"), (bundle, "TARGET")])
def test_a_folder_that_cannot_be_written_is_named(module, target, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(module, target, tmp_path / "file" / "below")
    output = ["--output", str(tmp_path / "package.json")] if module is package else []
    done = CliRunner().invoke(module.main, output)
    assert done.exit_code == 1 and re.search("^Error: %s/file.* cannot be used: " % tmp_path, done.output, re.M)


def test_the_checksums_are_those_of_the_zips(made):
    sums = dict(reversed(line.split("  ")) for line in (made / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {path.name for path in made.glob("*.zip")}
    assert all(hashlib.sha256((made / name).read_bytes()).hexdigest() == sums[name] for name in sums)


@pytest.mark.parametrize("form", ["mpy", "py"])
def test_package_json_names_each_file_of_the_folder_beside_it(unpacked, form):
    folder = unpacked(form)
    content = json.loads((folder / "package.json").read_text())
    others = {"package.json", "README.txt", "LICENSE"}
    assert {source for _, source in content["urls"]} == names(folder) - others
    assert content["version"] == package.version()


def test_the_zip_of_sources_holds_the_sources(unpacked):
    folder = unpacked("py") / "blynk_batch"
    assert names(folder) == {path.relative_to(LIBRARY / "blynk_batch").as_posix() for path in LIBRARY.rglob("*.py")}
    assert all((folder / name).read_bytes() == (LIBRARY / "blynk_batch" / name).read_bytes() for name in names(folder))


def test_the_compiled_files_are_byte_code_for_any_processor(unpacked):
    files = sorted((unpacked("mpy") / "blynk_batch").glob("*.mpy"))
    assert len(files) > 5 and {file.read_bytes()[:2] for file in files} == {b"M\x06"}
    assert {file.read_bytes()[2] for file in files} == {0}, "no architecture, no sub-version"


def test_its_readme_leads_from_a_line_of_a_bundle_to_its_source(unpacked):
    text = (unpacked("mpy") / "README.txt").read_text()
    assert re.search(r"^    blynk_batch +from line +\d+: ring/record.py$", text, re.MULTILINE)
    assert re.search(r"^    blynk_batch._upload +from line +\d+: upload/window.py$", text, re.MULTILINE)
    named = {name.partition(".")[2] or "__init__" for name in re.findall(r"^    (\S+) +from line", text, re.MULTILINE)}
    assert named == {path.stem for path in (unpacked("mpy") / "blynk_batch").glob("*.mpy")}


def test_copied_onto_a_board_without_make_it_logs(board, unpacked):
    folder = unpacked("mpy")
    mpremote(board, "mkdir", ":lib")
    mpremote(board, "cp", "-r", str(folder / "blynk_batch"), ":lib/")
    assert mpremote(board, "exec", USE).split()[1:] == ["1", "/lib/blynk_batch/__init__.mpy"]


@pytest.mark.parametrize("form, file", [("mpy", "__init__.mpy"), ("py", "__init__.py")])
def test_mip_installs_it_from_the_unpacked_folder(board, unpacked, form, file):
    mpremote(board, "mip", "install", str(unpacked(form) / "package.json"))
    assert mpremote(board, "exec", USE).split()[1:] == ["1", "/lib/blynk_batch/" + file]


def test_its_manifest_freezes_the_bundles_beside_it(unpacked, run_on_device):
    folder = unpacked("frozen")
    called = []
    exec((folder / "manifest.py").read_text(), {"package": lambda name, **options: called.append((name, options))})
    assert called == [("blynk_batch", {"opt": 2})] and (folder / "blynk_batch" / "__init__.py").is_file()
    assert run_on_device(USE.replace("/readings", "ring"), lib=folder).split()[1] == "1"
