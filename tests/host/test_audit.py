"""make audit: what a ring counts as delivered is looked for in what the server gives back."""

import os
import sys
import time
from pathlib import Path

import pytest

from tests.host.boards import ended
from tests.host.wire import post

ROOT = Path(__file__).resolve().parents[2]
DAY = 86_400_000

# Logs V1 and V2, uploads them, logs V1 again; the ring is in ./ring.
STATION = """
import sys, blynk_batch
url, token, now = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = blynk_batch.Client(token, ring=blynk_batch.FileRing("ring"), server=url)
for i in range(20):
    client.log_group({1: i + 0.5, 2: "text %d" % i}, timestamp=now - 3600000 + i * 60000)
client.log(1, 61, timestamp=now - 61 * 86400000)
client.log(2, "old", timestamp=now - 61 * 86400000)
print(client.upload().pending)
for i in range(3):
    client.log(1, i, timestamp=now - i * 1000)
client.close()
"""

# Twenty readings of a boot that never learns the time; the next boot uploads them, an hour ago.
NO_CLOCK = """
import sys, blynk_batch
class Clock:
    def __init__(self, ms): self.ms = ms
    def now(self): return self.ms
    def uptime(self): return 5000
url, token, now = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = blynk_batch.Client(token, ring=blynk_batch.FileRing("ring"), clock=Clock(None))
for i in range(20):
    client.log(1, i)
client.close()
client = blynk_batch.Client(token, ring=blynk_batch.FileRing("ring"), server=url, clock=Clock(now - 3600000))
print(client.upload().pending)
client.close()
"""


# Logs V1, of which half is too old to be sent, and uploads it.
EXPIRING = """
import sys, blynk_batch
url, token, now = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = blynk_batch.Client(token, ring=blynk_batch.FileRing("ring"), server=url, max_age_days=10)
for i in range(20):
    client.log(1, i, timestamp=now - 3600000 - (0 if i % 2 else 20 * 86400000))
print(client.upload().pending)
client.close()
"""


@pytest.fixture
def ring(sandbox, run_on_device, tmp_path):
    """A ring of 42 delivered and 3 pending points; changes to the sandbox's rules made before it count."""

    def fill():
        assert run_on_device(STATION, sandbox.url, sandbox.token, int(time.time() * 1000)) == "0\n"
        return tmp_path / "ring"

    return fill


def audit(folder, sandbox, token=None, server=None):
    command = [sys.executable, "-m", "tools.verify_live.audit", "--folder", str(folder)]
    command += ["--server", server or sandbox.url]
    done = ended(*command, env=dict(os.environ, BLYNK_TOKEN=token or sandbox.token))
    assert "Traceback" not in done.stdout and sandbox.token not in done.stdout
    return done.returncode, done.stdout


def test_what_was_delivered_is_there(ring, sandbox):
    status, output = audit(ring(), sandbox)
    assert output.splitlines() == [
        "V1    delivered     21 points: 21 there",
        "V1    pending        3 points: 3 missing",
        "V2    delivered     21 points: 20 there, 1 not told",
    ]
    assert status == 0


def test_a_point_with_an_estimated_time_that_is_not_found_is_no_loss(sandbox, run_on_device, tmp_path):
    sandbox.fault("drop_past", keep=15, pin=1)
    assert run_on_device(NO_CLOCK, sandbox.url, sandbox.token, int(time.time() * 1000)) == "0\n"
    status, output = audit(tmp_path / "ring", sandbox)
    assert output == "V1    delivered     20 points: 15 there, 5 not told\n"
    assert status == 0


def test_points_that_the_server_accepted_and_dropped_are_named(ring, sandbox):
    sandbox.fault("drop_past", keep=15, pin=1)
    status, output = audit(ring(), sandbox)
    assert "V1    delivered     21 points: 15 there, 6 missing" in output
    assert output.count("missing: V1 ") == 6
    assert output.endswith("The server accepted 6 points that it does not have.\n")
    assert status == 1


def test_points_that_expired_are_not_held_against_the_server(sandbox, run_on_device, tmp_path):
    assert run_on_device(EXPIRING, sandbox.url, sandbox.token, int(time.time() * 1000)) == "0\n"
    status, output = audit(tmp_path / "ring", sandbox)
    assert "V1    delivered     20 points: 10 there, 10 missing" in output
    assert output.endswith("10 points expired, or were rejected or dropped: it was never sent these.\n")
    assert (status, "accepted" in output) == (0, False)


def test_more_missing_points_than_expired_are(sandbox, run_on_device, tmp_path):
    sandbox.fault("drop_past", keep=7)
    assert run_on_device(EXPIRING, sandbox.url, sandbox.token, int(time.time() * 1000)) == "0\n"
    status, output = audit(tmp_path / "ring", sandbox)
    assert "13 missing" in output and output.endswith("The server accepted 3 points that it does not have.\n")
    assert status == 1


def test_pending_points_that_are_there_already_are_told(ring, sandbox):
    folder = ring()
    now = [ms for pin, ms, value in sandbox.points() if value == 19.5][0] + 3600000 - 19 * 60000
    post(sandbox, [[now, 0], [now - 1000, 1]])
    assert "V1    pending        3 points: 2 there, 1 missing" in audit(folder, sandbox)[1]


def test_a_wrong_token_or_server_is_one_sentence(ring, sandbox):
    folder = ring()
    status, output = audit(folder, sandbox, token="another")
    assert (status, output.count("\n")) == (1, 1) and output.startswith("Error: the service does not know this token")
    status, output = audit(folder, sandbox, server="http://127.0.0.1:1")
    assert (status, output.count("\n")) == (1, 1) and output.startswith("Error: http://127.0.0.1:1: no answer: ")
    status, output = audit(folder, sandbox, server="blynk.cloud")
    assert status == 2 and output.endswith("'blynk.cloud': must be like https://blynk.cloud\n")
