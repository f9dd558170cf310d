"""What all tests share: the seed of the day, and the closing line `N passed, N failed, N skipped`, alone on a line.

What is drawn at random comes from the seed (tools/seed.py); it is printed first, and with each failure the command that
repeats it. A run in which no test ran is a failure, whatever was skipped; so is one of all power cuts if they were too
few.
"""

import os
import shlex
import signal

import pytest

from tools.seed import SETTING, seed

CUTS_AT_LEAST = {"raw": 40000, "littlefs": 12000, "FAT": 1000}
_COUNTED = {"passed": ["passed", "xfailed"], "failed": ["failed", "error", "xpassed"], "skipped": ["skipped"]}


def pytest_addoption(parser):
    newest = {"action": "store_true", "default": os.environ.get("CI") == "true"}
    parser.addoption("--newest", **newest, help="run the device tests on the newest Unix port of MicroPython, too")


def _count(config, outcome):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return sum(len(reporter.stats.get(key, ())) for key in _COUNTED[outcome])


def _is_worker(config):
    return hasattr(config, "workerinput")


def pytest_configure(config):
    """What tests start gets the same seed, after midnight too, and stops at SIGINT, which `make test &` ignores."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        os.environ[SETTING] = str(seed())
    except ValueError as error:
        raise pytest.UsageError(str(error))


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not _is_worker(session.config):
        reporter.write_line("%s=%d" % (SETTING, seed()))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        chosen = shlex.quote(item.nodeid)
        report.sections.append(("to repeat it", '%s=%d make test ARGS="%s"' % (SETTING, seed(), chosen)))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    config = session.config
    if _is_worker(config) or config.option.collectonly:
        return
    if session.exitstatus == 0 and _count(config, "passed") == 0:
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
    elif session.exitstatus == 0 and _too_few_cuts(config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if _is_worker(config) or config.option.collectonly or config.option.help:
        return
    if config.pluginmanager.get_plugin("terminalreporter"):
        print(", ".join("%d %s" % (_count(config, outcome), outcome) for outcome in _COUNTED), flush=True)


def _cuts(config):
    """({"raw": power cuts that passed tests survived, "littlefs": ...}, True if all tests that cut have run)."""
    notes = [
        value
        for report in config.pluginmanager.get_plugin("terminalreporter").getreports("passed")
        for name, value in report.user_properties
        if name == "cuts survived"
    ]
    totals = {family: sum(count for of, count, _ in notes if of == family) for family in CUTS_AT_LEAST}
    return totals, bool(notes) and len(notes) == notes[0][2]


def _too_few_cuts(config):
    totals, whole = _cuts(config)
    return whole and any(totals[family] < least for family, least in CUTS_AT_LEAST.items())


def pytest_terminal_summary(terminalreporter):
    totals, whole = _cuts(terminalreporter.config)
    if any(totals.values()):
        counts = ", ".join("%d %s" % (count, family) for family, count in totals.items())
        terminalreporter.write_line("power cuts survived: " + counts)
    if whole and terminalreporter.config.option.durations is None:
        terminalreporter.write_line("the slow ones: make test ARGS=--durations=20")
    if _too_few_cuts(terminalreporter.config):
        terminalreporter.write_line("too few power cuts: at least %r in a whole run" % CUTS_AT_LEAST)
