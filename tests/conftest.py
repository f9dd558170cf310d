"""What all tests share: the closing line `N passed, N failed, N skipped`, alone on a line.

A run in which no test ran is a failure, whatever was skipped.
"""

import pytest

_COUNTED = {"passed": ["passed", "xfailed"], "failed": ["failed", "error", "xpassed"], "skipped": ["skipped"]}


def _count(config, outcome):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return sum(len(reporter.stats.get(key, ())) for key in _COUNTED[outcome])


def _is_worker(config):
    return hasattr(config, "workerinput")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    config = session.config
    if _is_worker(config) or config.option.collectonly:
        return
    if session.exitstatus == 0 and _count(config, "passed") == 0:
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if _is_worker(config) or config.option.collectonly or config.option.help:
        return
    if config.pluginmanager.get_plugin("terminalreporter"):
        print(", ".join("%d %s" % (_count(config, outcome), outcome) for outcome in _COUNTED), flush=True)


def pytest_terminal_summary(terminalreporter):
    """How many power cuts the passed tests survived, as they noted it with record_property."""
    notes = [note for report in terminalreporter.getreports("passed") for note in report.user_properties]
    cuts = sum(value for name, value in notes if name == "cuts survived")
    if cuts:
        terminalreporter.write_line("%d power cuts survived" % cuts)
