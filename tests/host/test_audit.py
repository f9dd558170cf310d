"""make audit: what a ring counts as delivered is looked for in what the server gives back."""

import time

import pytest
from click.testing import CliRunner

from tests.host.wire import post
from tools.verify_live.audit import main

# A board's runs on the ring ./ring: `log` is the body of the first; in the last it uploads, and more() follows.
BOARD = """
import sys, blynk_batch
class Clock:
    def __init__(self, ms): self.ms = ms
    def now(self): return self.ms
    def uptime(self): return 5000
url, token, now = sys.argv[1], sys.argv[2], int(sys.argv[3])
def boot(ms, **options):
    return blynk_batch.Client(token, ring=blynk_batch.FileRing("ring"), server=url, clock=Clock(ms), **options)
def more(): pass
%s
print(client.upload().pending)
more()
client.close()
"""
# V1 and V2, also two months old ones; V1 again after the upload.
STATION = """
client = boot(now)
for i in range(20):
    client.log_group({1: i + 0.5, 2: "text %d" % i}, timestamp=now - 3600000 + i * 60000)
client.log(1, 61, timestamp=now - 61 * 86400000)
client.log(2, "old", timestamp=now - 61 * 86400000)
def more():
    for i in range(3):
        client.log(1, i, timestamp=now - i * 1000)
"""
# Twenty readings of a boot that never learns the time; the next boot uploads them, an hour ago.
NO_CLOCK = """
client = boot(None)
for i in range(20):
    client.log(1, i)
client.close()
client = boot(now - 3600000)
"""
# V1, of which half is too old to be sent.
EXPIRING = """
client = boot(now, max_age_days=10)
for i in range(20):
    client.log(1, i, timestamp=now - 3600000 - (0 if i % 2 else 20 * 86400000))
"""


@pytest.fixture
def audit(sandbox, run_on_device, tmp_path):
    """audit(what a board logs, token=..., server=...): (status, output) of an audit of its ring, made at first."""

    def run(station=None, **options):
        if station:
            assert run_on_device(BOARD % station, sandbox.url, sandbox.token, int(time.time() * 1000)) == "0\n"
        command = ["--folder", str(tmp_path / "ring"), "--server", options.get("server", sandbox.url)]
        done = CliRunner().invoke(main, command, env={"BLYNK_TOKEN": options.get("token", sandbox.token)})
        assert isinstance(done.exception, (SystemExit, type(None))) and sandbox.token not in done.output
        return done.exit_code, done.output

    return run


def test_what_was_delivered_is_there(audit):
    status, output = audit(STATION)
    assert output.splitlines() == [
        "V1    delivered     21 points: 21 there",
        "V1    pending        3 points: 3 missing",
        "V2    delivered     21 points: 20 there, 1 not told",
    ]
    assert status == 0


def test_a_point_with_an_estimated_time_that_is_not_found_is_no_loss(audit, sandbox):
    sandbox.fault("drop_past", keep=15, pin=1)
    assert audit(NO_CLOCK) == (0, "V1    delivered     20 points: 15 there, 5 not told\n")


def test_points_that_the_server_accepted_and_dropped_are_named(audit, sandbox):
    sandbox.fault("drop_past", keep=15, pin=1)
    status, output = audit(STATION)
    assert "V1    delivered     21 points: 15 there, 6 missing" in output
    assert output.count("missing: V1 ") == 6
    assert output.endswith("The server accepted 6 points that it does not have.\n")
    assert status == 1


def test_points_that_expired_are_not_held_against_the_server(audit):
    status, output = audit(EXPIRING)
    assert "V1    delivered     20 points: 10 there, 10 missing" in output
    assert output.endswith("10 points expired, or were rejected or dropped: it was never sent these.\n")
    assert (status, "accepted" in output) == (0, False)


def test_more_missing_points_than_expired_are(audit, sandbox):
    sandbox.fault("drop_past", keep=7)
    status, output = audit(EXPIRING)
    assert "13 missing" in output and "and 3 more\n" in output
    assert output.endswith("The server accepted 3 points that it does not have.\n")
    assert status == 1


def test_pending_points_that_are_there_already_are_told(audit, sandbox):
    audit(STATION)
    now = [ms for pin, ms, value in sandbox.points() if value == 19.5][0] + 3600000 - 19 * 60000
    post(sandbox, [[now, 0], [now - 1000, 1]])
    assert "V1    pending        3 points: 2 there, 1 missing" in audit()[1]


def test_a_wrong_token_or_server_is_one_sentence(audit):
    status, output = audit(STATION, token="another")
    assert (status, output.count("\n")) == (1, 1) and output.startswith("Error: the service does not know this token")
    status, output = audit(server="http://127.0.0.1:1")
    assert (status, output.count("\n")) == (1, 1) and output.startswith("Error: http://127.0.0.1:1: no answer: ")
    status, output = audit(server="blynk.cloud")
    assert status == 2 and output.endswith("'blynk.cloud': must be like https://blynk.cloud\n")
