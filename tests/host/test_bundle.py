"""The library's modules joined into bundles: they do what the sources do, and lead back to them line by line.

What can go wrong when modules share one space of names is written out as small packages; each runs in MicroPython as
sources and as bundles, and has to print the same.
"""

import re
import subprocess
import sys

import pytest

from tools.bundle.__main__ import traced
from tools.bundle.joined import Joined
from tools.bundle.names import BundleError
from tools.bundle.shorten import shortened
from tools.compiled import ROOT, compile_library, joined, sources, write_bundles

INIT = """import gc
import sys

from micropython import const

_HOMES = const("Client client Ring ring.log")


def __getattr__(name):
    homes = _HOMES.split()
    found = load(homes[homes.index(name) + 1], name) if name in homes else load(name)
    globals()[name] = found
    return found


def load(module, name=None):
    gc.collect()
    found = __import__(module, globals(), None, (name or module,), 1)
    return getattr(found, name) if name else found


def let_go(name):
    sys.modules.pop("blynk_batch." + name, None)
    room, _, name = name.rpartition(".")
    (sys.modules["blynk_batch." + room].__dict__ if room else globals()).pop(name, None)
"""
BUNDLES = {"__init__": "__init__ client ring.log ring.state", "_open": "arguments ring.recover", "_up": "upload.send"}
ROOMS = {"": "_more", "ring": "_ring"}


def package(**modules):
    """{path: text}: `client`, `ring_log` for ring/log.py, ...; what is not given is empty."""
    names = ["client", "ring_log", "ring_state", "arguments", "ring_recover", "upload_send", *modules]
    found = {name.replace("_", "/", 1) + ".py": modules.get(name, "") for name in names}
    found.update({"__init__.py": INIT, "ring/__init__.py": "", "upload/__init__.py": ""})
    found["client.py"] += "\n\nclass Client:\n    pass\n" if "class Client" not in found["client.py"] else ""
    found["ring/log.py"] += "\n\nclass Ring:\n    pass\n" if "class Ring" not in found["ring/log.py"] else ""
    return found


def join(files, **options):
    return Joined(files, **{"bundles": BUNDLES, "rooms": ROOMS, "let_go_by": {"_open": "client"}, **options})


def lay(folder, files):
    for name, text in files.items():
        path = folder / "blynk_batch" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def same(tmp_path, run_on_device):
    """Runs `script` with the package as sources and as bundles; what both print."""

    def both(files, script, **options):
        bundles = {name + ".py": text for name, text in join(files, **options).texts.items()}
        told = [
            run_on_device(script, lib=lay(tmp_path / form, found))
            for form, found in (("sources", files), ("bundles", bundles))
        ]
        assert told[0] == told[1], join(files, **options).texts
        return told[0]

    return both


# client.py is a module of its own as source, and in the bundles part of the core itself.
BOTH = """
import blynk_batch
print((blynk_batch.__dict__.get("both") or blynk_batch.load("client", "both"))())
"""
CASES = {
    "a name that two modules have": (
        package(
            client="from .ring import log\n\ndef pack():\n    return 'client'\n\ndef both():\n"
            "    return pack(), log.pack(), log.twice()\n",
            ring_log="def pack():\n    return 'log'\n\ndef twice():\n    return [pack() for _ in range(2)]\n",
        ),
        "('client', 'log', ['log', 'log'])",
    ),
    "a local variable of one that is a function of another": (
        package(
            client="from .ring import log\n\ndef both(seed=3):\n    return seed, log.seed(seed)\n",
            ring_log="def seed(n):\n    return n + 1\n",
        ),
        "(3, 4)",
    ),
    "numbers that never change, under one name in two modules, negative ones among them": (
        package(
            client="from micropython import const\nfrom .ring.log import SIZE as far\n_AT = const(-2)\nSIZE = 5\n\n"
            "def both(at=_AT):\n    return at, 1 - _AT, SIZE, far\n",
            ring_log="from micropython import const\n_AT = const(7)\nSIZE, OTHER = 1 << 4, 9\n\n"
            "def at():\n    return _AT\n",
        ),
        "(-2, 3, 5, 16)",
    ),
    "a variable that only looks like a number": (
        package(
            client="count = 0\n\ndef both():\n    global count\n    count += 1\n    return shown()\n\n"
            "def shown():\n    return count\n",
            ring_log="count = 7\n\ndef shown():\n    return count\n",
        ),
        "1",
    ),
    "a class's own names, which its methods do not see": (
        package(
            client="from .ring.log import size\n\nclass Box:\n    size = 4\n    twice = size * 2\n    def get(self):\n"
            "        return size(), self.size, self.twice\n\ndef both():\n    return Box().get()\n",
            ring_log="def size():\n    return 'log'\n",
        ),
        "('log', 4, 8)",
    ),
    "names in closures, lambdas, comprehensions and except": (
        package(
            client="from .ring import log as other\n\ndef both():\n    end = 3\n    def inner(n, end=end):\n"
            "        try:\n            raise ValueError(n)\n        except ValueError as error:\n"
            "            return [end for end in range(error.args[0])], end\n"
            "    return inner(2), (lambda end: end + 1)(1), other.end(), {k: end for k in 'a'}\n",
            ring_log="def end():\n    return 'log'\n\nerror = 1\nk = 2\n",
        ),
        "(([0, 1], 3), 2, 'log', {'a': 3})",
    ),
    "a base class and a default of another module": (
        package(
            client="from .ring.log import Base, START\n\nclass Mine(Base):\n    def __init__(self, start=START):\n"
            "        super().__init__()\n        self.start = start\n\n"
            "def both():\n    return Mine().start, Mine().kind\n",
            ring_log="START = [1]\n\nclass Base:\n    def __init__(self):\n        self.kind = 'base'\n",
        ),
        "([1], 'base')",
    ),
    "private attributes of a class and of its base in another module": (
        package(
            client="from .ring.log import Base\n\nclass Mine(Base):\n    def __init__(self):\n"
            "        super().__init__()\n        self._more = 2\n\n    def more(self):\n        return self._more\n\n"
            "def both():\n    mine = Mine()\n    return mine.first(), mine.more()\n",
            ring_log="class Base:\n    def __init__(self):\n        self._first = 1\n\n"
            "    def first(self):\n        return self._first\n",
        ),
        "(1, 2)",
    ),
    "what another bundle has, by import, by load() and by module": (
        package(
            client="from . import let_go, load\n\ndef both():\n    arguments = load('arguments')\n"
            "    first = arguments.check(1)\n    let_go('arguments')\n    from .ring.recover import check, LIMIT\n"
            "    from .ring import recover\n"
            "    return first, check(2), recover.check(3), LIMIT, load('ring.recover').LIMIT\n",
            arguments="def check(n):\n    return 'arguments', n\n",
            ring_recover="from ..ring import state as keys\nLIMIT = 8\n\n"
            "def check(n):\n    return keys.OLD, keys.old(), n\n",
            ring_state="OLD = 4\n\ndef old():\n    return 'old'\n",
        ),
        "(('arguments', 1), (4, 'old', 2), (4, 'old', 3), 8, 8)",
    ),
    "load() and let_go() by a module of another bundle": (
        package(
            client="from . import load\n\ndef both():\n    return load('arguments').check()\n",
            arguments="from . import let_go, load\n\ndef check():\n    found = load('upload.send').ready()\n"
            "    let_go('upload.send')\n    return found\n",
            upload_send="def ready():\n    return 'ready'\n",
        ),
        "ready",
    ),
    "preloading, and a block of which nothing is left": (
        package(
            client="from . import let_go, load\n\ndef both():\n"
            "    for name in ('ring.log', 'arguments', 'upload.send'):\n        load(name)\n"
            "    if True:\n        from .ring.log import near\n    load('ring.log')\n"
            "    load('arguments')\n    for name in ('arguments', 'ring.recover'):\n        let_go(name)\n"
            "    if near():\n        load('ring.state')\n    return near()\n",
            ring_log="def near():\n    return 'near'\n",
        ),
        "near",
    ),
    "one of two twins, chosen when it is imported": (
        package(
            client="try:\n    from .ring.nowhere import scan\nexcept ImportError:\n    from .ring.log import scan\n\n"
            "def both():\n    return scan()\n",
            ring_log="def scan():\n    return 'plain'\n",
            ring_nowhere="raise ImportError\n\ndef scan():\n    return 'fast'\n",
        ),
        "plain",
    ),
    "a module that is used as a value": (
        package(
            client="from .ring import state\nfrom .ring.log import ask\n\ndef both():\n    return ask(state)\n",
            ring_log="def ask(module):\n    return module.NUMBER, module.answer()\n",
            ring_state="NUMBER = 5\n\ndef answer():\n    return 'yes'\n",
        ),
        "(5, 'yes')",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bundle_does_what_its_sources_do(same, case):
    files, expected = CASES[case]
    assert same(files, BOTH).strip() == expected


def test_numbers_that_never_change_stand_only_where_they_are_used():
    files = package(
        client="SIZE = 5\n_AT, FAR = 7, 9\n\ndef both():\n    return SIZE, _AT, FAR\n",
        ring_log="SIZE = 3\n\ndef twice():\n    FAR = 4\n    return SIZE, FAR\n",
    )
    text = join(files).texts["__init__"]
    assert "return 5, 7, 9" in text and "return 3, FAR" in text and "FAR = 4" in text
    assert "SIZE" not in text and "_AT" not in text and text.count("FAR") == 2, text


def test_a_module_of_the_same_bundle_is_not_loaded():
    client = "from . import load\n\ndef both():\n    log = load('ring.log')\n    return log.near()\n"
    text = join(package(client=client, ring_log="def near():\n    return 'near'\n")).texts["__init__"]
    assert "log = " not in text and "load('ring.log')" not in text and "return near()" in text, text
    assert "# From ring/log.py" in text and "# From __init__.py" not in text
    files = package(client="from . import load\n\ndef both():\n    load('ring.log')\n    return 1\n")
    text = join(files).texts["__init__"]
    assert "load(" not in text.partition("def both")[2], text


def test_a_name_of_the_same_bundle_and_a_number_of_any_are_not_loaded():
    client = "from . import load\n\ndef both():\n    return load('ring.log', 'near')(), load('ring.recover', 'LIMIT')\n"
    log, recover = "def near():\n    return 'near'\n", "LIMIT = 8\n"
    text = join(package(client=client, ring_log=log, ring_recover=recover)).texts["__init__"]
    assert "return near(), 8" in text, text


def test_a_short_name_of_an_argument_stands_nowhere_else():
    text = "a0 = 3\n\n\ndef _add(first, a1):\n    return first + a0 + a1\n"
    names = {}
    exec(shortened({"core": text}, ())["core"], names)
    assert names["_add"](1, 2) == 6 and "first" not in names["_add"].__code__.co_varnames


def test_the_firmwares_modules_are_imported_once_and_past_the_folders():
    client, log = "import os\nimport time\nfrom struct import pack\n", "import os\nimport time\nx = os, time\n"
    files = package(client=client, ring_log=log)
    text = join(files).texts["__init__"]
    assert text.count("import uos as os") == 1 and "import os" not in text.replace("import uos as os", "")
    assert text.count("import time") == 1, "boards without hardware have one of their own"
    assert "pack" not in text, "nobody uses it"


def test_each_line_of_a_bundle_leads_back_to_its_source():
    found = joined()
    files = sources()
    for bundle, text in found.texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            place = found.source(bundle, number)
            if place is None or place[1] > len(files[place[0]].splitlines()):
                assert line.startswith("# From "), (bundle, number, line)
            elif place[0] == "__init__.py":
                pass  # its load() is another one
            elif re.match(r"\s*(return|raise|while|if|elif|for|def|class) ", line):
                source = files[place[0]].splitlines()[place[1] - 1]
                assert source.split()[0] == line.split()[0], (bundle, number, place)


FAILS = """import sys, blynk_batch
try:
    %s
except Exception as e:
    sys.print_exception(e, sys.stdout)
"""


def test_a_traceback_is_told_by_the_sources_files_and_lines(tmp_path, run_on_device):
    client, log = "from .ring.log import deep\n\ndef go():\n    deep(0)\n", "def deep(n):\n    return 1 // n\n"
    found = join(package(client=client, ring_log=log))
    lib = lay(tmp_path, {name + ".py": text for name, text in found.texts.items()})
    told = traced(run_on_device(FAILS % "blynk_batch.go()", lib=lib), found)
    assert 'File "lib/blynk_batch/client.py", line 4, in go' in told
    assert 'File "lib/blynk_batch/ring/log.py", line 2, in deep' in told
    for other in ('File "blynk_batch/gone.mpy", line 1', 'File "main.py", line 1'):
        assert traced(other, found) == other


def test_compiled_bundles_tell_module_line_and_function_in_a_traceback(tmp_path, run_on_device):
    compile_library(tmp_path / "lib")
    script = FAILS % "blynk_batch.FileRing('x', tails=-1)"
    told = traced(run_on_device(script, lib=tmp_path / "lib"), joined())
    assert re.search(r'File "lib/blynk_batch/\S+\.py", line \d+, in check_folder', told), told


def test_the_outcome_does_not_depend_on_the_order_of_the_files(tmp_path):
    files = sources()
    backwards = dict(sorted(files.items(), reverse=True))
    assert Joined(files).texts == Joined(backwards).texts
    write_bundles(tmp_path / "a")
    environment = {"PYTHONHASHSEED": "7", "PATH": "/usr/bin:/bin"}
    script = "from pathlib import Path\nfrom tools.compiled import write_bundles\nwrite_bundles(Path(%r))"
    subprocess.run([sys.executable, "-c", script % str(tmp_path / "b")], cwd=ROOT, env=environment, check=True)
    a, b = [{p.name: p.read_bytes() for p in (tmp_path / folder / "blynk_batch").iterdir()} for folder in "ab"]
    assert a == b and len(a) > 5


def test_a_module_that_the_table_does_not_name_goes_by_its_room_and_is_told():
    found = join(package(ring_new="def f():\n    pass\n", cellar_jam="x = []\n"))
    assert "def f" in found.texts["_ring"] and "x = []" in found.texts["_cellar_jam"]
    assert found.said == [
        "cellar.jam is in no bundle of tools/bundle/table.py: it goes into _cellar_jam",
        "ring.new is in no bundle of tools/bundle/table.py: it goes into _ring",
    ]


def test_machine_code_stays_alone_and_is_left_out_where_no_processor_is_named(tmp_path):
    fast = "import micropython\n\n@micropython.viper\ndef f(a: int) -> int:\n    return a\n"
    lay(tmp_path / "lib", package(ring_fast=fast))
    plain = compile_library(tmp_path / "plain", library=tmp_path / "lib")
    native = compile_library(tmp_path / "native", "armv6m", tmp_path / "lib")
    assert set(native) - set(plain) == {"blynk_batch/_ring_fast.mpy"}


@pytest.mark.parametrize("files, words", [
    (package(client="from . import load\nload('ring.lgo')\n"), "client.py:2: load('ring.lgo'): there is no such"),
    (package(wifi="from . import load\n\ndef f():\n    load('client')\n"), "wifi.py:4: load('client'): it is in the"),
    (package(client="from . import load\n\ndef f(n):\n    load(n)\n"), "client.py:4: load() and let_go() take the"),
    (package(client="from .ring.lgo import x\n"), "client.py:1: there is no module"),
    (package(client="from .ring.log import x\n"), "ring/log.py has no name 'x'"),
    (package(client="def f(:\n"), "client.py:1: "),
    (package(client="from ...x import y\n"), "client.py:1: this import leaves the package"),
    (package(client="from .ring import log\n\ndef f():\n    return log.gone\n"), "ring/log.py has no name 'gone'"),
    (package(client="def Ring():\n    pass\n"), "the public name Ring of ring.log clashes"),
    (package(arguments="from .upload.send import a\nb = []\n", upload_send="from ..arguments import b\na = []\n"),
     "the bundles _open and _up import each other at the top level, at arguments.py:1, upload/send.py:1"),
    (package(client="from .arguments import a\n\ndef f():\n    a()\n",
             arguments="from .ring.log import Ring\nb = Ring\n\ndef a():\n    pass\n"),
     "the bundles __init__ and _open import each other at the top level"),
    (package(client="class A:\n    from .ring.log import Ring\n"), "client.py:2: an import in a class is not joined"),
    (package(client="def f():\n    pass\n\ntry:\n    f()\nexcept OSError as g:\n    pass\n",
             ring_log="def g():\n    pass\n"), "client.py:6: the name 'g' of an exception clashes"),
    (package(client="from .ring.log import a\nb = [a]\n", ring_log="from ..client import b\na = [b]\n"),
     "ring/log.py:2: needs b of client while it is imported, and that one needs this one"),
])
def test_what_cannot_be_joined_is_told_with_file_and_line(files, words):
    with pytest.raises(BundleError) as raised:
        join(files)
    assert words in str(raised.value)
