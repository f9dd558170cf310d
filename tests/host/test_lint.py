"""`make lint` as part of `make test`: style, types against both boards' stubs, traces of one machine."""

import os
import shutil

import pytest

from tools import lint


@pytest.fixture
def pyright():
    """Skips the test where Node.js is missing."""
    if lint.PYRIGHT.is_file() and shutil.which("node"):
        return
    # In continuous integration a check that silently was left out would be worse than a failure.
    if os.environ.get("CI") != "true":
        pytest.skip("pyright needs Node.js and `make setup`")


def test_style(capfd):
    assert lint.check_ruff(), capfd.readouterr().out


@pytest.mark.parametrize("port", lint.PORTS)
def test_types(pyright, port, capsys):
    assert lint.check_types(port), capsys.readouterr().out


def test_no_traces_of_one_machine(capsys):
    assert lint.check_traces(), capsys.readouterr().out


def test_what_one_board_lacks_is_found_where_an_example_is_for_both(pyright, tmp_path, monkeypatch, capsys):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "library.py").write_text("VERSION = 1\n")
    for example, text in (("both", "import esp32"), ("sd_card", "import esp32, library\nesp32.Partition(library.NO)")):
        folder = tmp_path / "examples" / example
        folder.mkdir(parents=True)
        (folder / "main.py").write_text(text + "\n")
    (tmp_path / "typings").symlink_to(lint.ROOT / "typings")
    monkeypatch.setattr(lint, "ROOT", tmp_path)
    assert not lint.check_types("rp2")
    (found,) = capsys.readouterr().out.splitlines()
    assert found.endswith('examples/both/main.py:1: error: Import "esp32" could not be resolved')
    assert not lint.check_types("esp32")
    (found,) = capsys.readouterr().out.splitlines()
    assert found.endswith('examples/sd_card/main.py:2: error: "NO" is not a known attribute of module "library"')
