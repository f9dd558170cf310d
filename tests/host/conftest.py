"""What host tests share: a running sandbox, and MicroPython scripts run against it."""

from functools import partial

import pytest

from tests.host import pulled
from tests.host.boards import start_board
from tests.host.browser import Page, require_browser
from tests.host.forked import fork_sandboxes
from tests.host.peers import Authority
from tests.host.station import Station
from tools import browser, device
from tools.sandbox.testing import Sandbox

fork_sandboxes()


@pytest.fixture
def sandbox():
    """A sandbox of the test's own, with an empty ledger."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def crowded_sandbox():
    """A sandbox for many stations, each with a token of its own."""
    with Sandbox(tokens=["station-of-a-test-number-%07d" % number for number in range(99)], total_limit=None) as many:
        many.free_tokens = iter(many.tokens)
        yield many


@pytest.fixture(scope="session")
def driver():
    """A real browser, started by the first test that asks; each leaves it as it was."""
    require_browser()
    with browser.running() as started:
        yield started


@pytest.fixture
def page(driver, sandbox):
    """The page of an empty sandbox in the browser; a complaint on its console fails the test."""
    opened = Page(driver, sandbox).open()
    yield opened
    errors = opened.errors()
    driver.get("about:blank")
    assert errors == []


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Certificates that a device can verify; see peers.py."""
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def station(crowded_sandbox, tmp_path):
    """A station with a token that no other test has; see station.py."""
    return Station(tmp_path, crowded_sandbox, next(crowded_sandbox.free_tokens))


@pytest.fixture
def board():
    """A virtual board with an empty flash."""
    with start_board() as running:
        yield running


@pytest.fixture(scope="module")
def typed_sandbox():
    """A sandbox where V1 and V3 take integers, V4 strings, and no other pin has a datastream."""
    tokens = ["station-of-a-test-number-%07d" % number for number in range(40)]
    streams = ["V1:integer", "V3:integer", "V4:string"]
    with Sandbox(tokens=tokens, datastream=streams, total_limit=None) as sandbox:
        sandbox.free_tokens = iter(tokens)
        yield sandbox


@pytest.fixture
def typed(typed_sandbox, tmp_path):
    """A station of that sandbox's."""
    return Station(tmp_path, typed_sandbox, next(typed_sandbox.free_tokens))


@pytest.fixture
def run_on_device(tmp_path):
    """run_on_device(source, *arguments, heap=None, lib=None): runs MicroPython code in a folder of the test's own and
    returns its output; `lib` is a folder to take blynk_batch from instead of the checkout's.

    `blynk_batch` is importable; arguments are in sys.argv[1:], for example a sandbox's URL and token.
    """

    def run(source, *arguments, heap=None, lib=None):
        script = tmp_path / "device_script.py"
        script.write_text("import sys\nsys.path.insert(0, %r)\n%s" % (str(lib), source) if lib else source)
        done = device.run(script, *arguments, heap=heap, cwd=tmp_path, timeout=400)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


@pytest.fixture(scope="session")
def made_rings(tmp_path_factory):
    return tmp_path_factory.mktemp("rings")


@pytest.fixture
def make_ring(made_rings, tmp_path):
    """make_ring(kind, upload_to=None): a ring for make pull in a folder of the test's own; see pulled.py."""
    return partial(pulled.make_ring, made_rings, tmp_path)
