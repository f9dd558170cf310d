"""A real device drains while the page is open, and copes with faults that are switched on in the page.

The device is MicroPython with the library and its ring in files; each script is one run of a board from reset to
reset. Its clock is told how many hours later it is, so that no test waits for a backoff to pass.
"""

import pytest

READINGS = 200
DEVICE = """
import sys, time
import blynk_batch

url, token, action, hours = sys.argv[1:]

class Clock:
    def now(self):
        return int(time.time()) * 1000 + int(hours) * 3600000

    def uptime(self):
        return time.ticks_ms()

ring = blynk_batch.FileRing("readings", capacity_bytes=64 * 1024)
with blynk_batch.Client(token, ring=ring, server=url, clock=Clock()) as client:
    if action == "log":
        start = Clock().now() - 200 * 60000
        for number in range(200):
            client.log_group({1: number / 10, "V2": number % 7}, timestamp=start + number * 60000)
    result = client.upload(timeout_s=20)
    print(result.uploaded, client.pending, type(result.error).__name__, result.waiting)
"""
VALUES = {1: [number / 10 for number in range(READINGS)], 2: [number % 7 for number in range(READINGS)]}


@pytest.fixture
def device(sandbox, run_on_device):
    """device(action, hours): one run of the board; (uploaded, pending, error, waiting) as texts."""

    def run(action, hours=0):
        return run_on_device(DEVICE, sandbox.url, sandbox.token, action, hours).split()

    return run


def values(sandbox):
    return {pin: [value for _, _, value in sandbox.points(pin)] for pin in VALUES}


def test_a_device_drains_while_the_page_is_open(page, sandbox, device):
    assert device("log") == ["400", "0", "NoneType", "None"]
    page.until(lambda: page.chart("V1").get("drawn") == READINGS and page.chart("V2").get("drawn") == READINGS)
    page.until(lambda: page.totals()["Points"] == "400" and page.totals()["Duplicates"] == "0")
    assert [row[2:4] for row in reversed(page.ledger())] == [["V1", "200"], ["V2", "200"]]
    assert page.ink("V1", "--accent") > 100
    assert values(sandbox) == VALUES


@pytest.mark.parametrize("fault", ["offline", "server_error", "too_many_requests", "portal", "wrong_region"])
def test_a_device_keeps_everything_through_a_fault_switched_on_in_the_page(page, sandbox, device, fault):
    switch = "[data-fault=%s]" % fault
    page.click(switch)
    page.until(lambda: page.attribute(switch, "aria-checked") == "true")
    uploaded, pending, error, _ = device("log")
    assert (uploaded, pending) == ("0", "400") and error != "NoneType"
    page.until(lambda: any("(%s)" % fault in row[7] for row in page.ledger()))
    assert sandbox.points() == []
    page.click(switch)
    page.until(lambda: page.attribute(switch, "aria-checked") == "false")
    assert device("drain", hours=2) == ["400", "0", "NoneType", "None"]
    page.until(lambda: page.chart("V2").get("drawn") == READINGS)
    assert values(sandbox) == VALUES


def test_a_lost_reply_repeats_one_batch_and_the_page_counts_it(page, sandbox, device):
    page.click("[data-fault=lose_reply]")
    page.until(lambda: page.attribute("[data-fault=lose_reply]", "aria-checked") == "true")
    assert device("log")[1] == "400"
    page.until(lambda: "no reply, though stored (lose_reply)" in [row[7] for row in page.ledger()])
    page.click("#clear-faults")
    page.until(lambda: page.text("#active-faults") == "none")
    assert device("drain", hours=2)[:2] == ["400", "0"]
    page.until(lambda: page.totals()["Duplicates"] == "200")
    assert values(sandbox) == {1: VALUES[1] * 2, 2: VALUES[2]}
