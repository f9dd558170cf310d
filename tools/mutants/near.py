"""The tests that are nearest to a folder, each a command that takes seconds at most, and whether it passes.

A device test is one function in MicroPython, without pytest, which takes longer to start. What is [wasm], [newest] or
[bundles] is the same once more, and left out. Knows nothing of mistakes.
"""

import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

# Below tests/: a file of device tests, each function of which is a test, or its program with its arguments; or what
# pytest takes.
_RING = ("block", "books", "hot", "fast", "anchors", "reserve", "refused", "hostile", "wrong_content", "first_open")
_RING += ("state_room", "opening", "medium", "corruption", "full_disk", "ledger", "bad_blocks", "sectors", "torn_pages")
_RING += ("drop_notes", "wrong_reads")
_UPLOAD = ("held", "due", "wrong_content", "wrong_clocks", "network_time", "secret", "going_on", "ledger", "books")
_UPLOAD += ("search", "doubt", "released", "pauses", "when", "fast", "books_of_held", "unknown_times", "no_memory")
_UPLOAD += ("broken_off", "flaky", "notes", "too_large", "watchdog", "reopened", "run", "no_room")
_MEDIA = ("block", "medium", "bad_blocks", "drivers", "driver_faults", "sectors", "torn_pages", "first_open", "foreign")
_MEDIA += ("folder", "folder_files", "full_disk", "unreadable_files", "wrong_reads", "fat", "fat_faults", "fat_cuts")
_MEDIA += ("reopened", "corruption", "ledger", "reserve", "opening", "wear")
_CLOCK = ("clock", "anchors", "unknown_times", "wrong_clocks", "network_time", "when", "due", "going_on", "reopened")
_CLOCK += ("watchdog",)
_TOP = ("arguments", "client", "guard", "wifi", "opening", "reopened", "released", "broken_off", "secret", "first_open")
_TOP += ("books", "going_on", "network_time", "no_memory", "no_room", "wrong_clocks", "unknown_times", "flaky")
_TOP += ("folder_files", "medium")
_BOTH = ("batch", "client", "delivery.py 0 60")
NEAR = {
    "ring": [
        *("device/test_%s" % name for name in _RING + _BOTH),
        "host/test_powercut.py -k 'nor-turn or units-turn or esp32-turn or nor-wrap'",
    ],
    "media": [
        *("device/test_%s" % name for name in _MEDIA),
        "host/test_powercut.py -k 'turn or nor-wrap or sd-wrap or esp32-wrap or fat'",
    ],
    "blynk_batch": ["device/test_%s" % name for name in _TOP + _BOTH],
    "clock": ["device/test_%s" % name for name in _CLOCK + _BOTH],
    "upload": [
        *("device/test_%s" % name for name in _UPLOAD + _BOTH),
        "host/test_redirects.py",
        "host/test_outcomes.py",
    ],
    "http": [
        "device/test_reply",
        "device/test_tls",
        "device/test_pieces",
        "device/test_https_ports",
        "host/test_https.py -k 'not (ten_thousand or continue or hundreds or reason or handshake or silence)'",
        "host/test_replies.py",
        "host/test_requests.py -k 'not silence'",
        "host/test_redirects.py",
        "host/test_network_faults.py",
    ],
    "bundle": [
        "host/test_bundle.py -k 'not order_of'",
        "host/test_bundle.py -k order_of",
        "host/test_bundled_library.py",
    ],
}
SEED = "1"
PATIENCE = 20  # what takes so many times as long as usual does not end
WALL_S = 300
FOLDERS = ("lib", "tools/sim", "tests/device")


class Test:
    """`seconds` of the processor that it takes, once that is measured; `noticed`: {file: mistakes that it noticed}."""

    def __init__(self, name, *command):
        self.name, self.command = name, command
        self.seconds = None
        self.noticed = Counter()

    def failure(self, checkout):
        """None if it passes there, else what it says."""
        limit_s = WALL_S if self.seconds is None else int(self.seconds * PATIENCE) + 1
        paths = ":".join("%s/%s" % (checkout, part) for part in FOLDERS)
        environment = dict(os.environ, MICROPYPATH=paths, BLYNK_BATCH_SEED=SEED, PYTHONDONTWRITEBYTECODE="1")
        environment.pop("CI", None)
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [part.format(checkout=checkout, folder=folder) for part in self.command],
                cwd=checkout,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that what it starts ends with it
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s)),
            )
            try:
                failed = process.wait(WALL_S)
            except subprocess.TimeoutExpired:
                failed = True
            finally:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
        return text if failed or "Traceback (most recent call last)" in text else None

    def order(self, file):
        """Those first that noticed most in the file for the least time; what was never run counts as quick."""
        return (self.seconds or 0.1) / (self.noticed[file] + 0.5)

    def measure(self, checkout):
        """See how long it takes; ValueError if it fails though nothing is changed."""
        before = _spent()
        failure = self.failure(checkout)
        if failure is not None:
            raise ValueError("%s fails before anything is changed:\n%s" % (self.name, failure))
        self.seconds = _spent() - before


def _spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tests_of(folder, checkout):
    """The tests near to a folder of that name."""
    for name in NEAR[folder]:
        file, *arguments = shlex.split(name)
        file = "tests/%s" % (file if file.endswith(".py") else file + ".py")
        if file.startswith("tests/host"):
            yield Test(name, sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", file, *arguments)
            continue
        source = (Path(checkout) / file).read_text(encoding="utf-8")
        heap = re.search(r'^HEAP = "(\w+)"', source, re.MULTILINE)
        start = ["{checkout}/tools/micropython", *(("-X", "heapsize=" + heap[1]) if heap else ())]
        if arguments:
            yield Test(name, *start, "{checkout}/" + file, *arguments)
            continue
        for function in re.findall(r"^(?:async )?def (test_\w+)", source, re.MULTILINE):
            runner = ("{checkout}/tests/device/runner.py", "{checkout}/" + file, function, "{folder}", "{checkout}")
            yield Test("%s::%s" % (file, function), *start, *runner, SEED, "2")
