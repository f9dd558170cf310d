"""make verify-live against a second sandbox in the live service's place; faults provoke the differences."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.sandbox.testing import Sandbox

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "secret-token-of-32-characters-01"
VALID, OLD, FUTURE = [11, 12, 13], [21, 22, 23], [31, 32, 33]


@pytest.fixture
def live():
    with Sandbox(tokens=[TOKEN], datastream=["V1:double"], total_limit=None) as running:
        yield running


@pytest.fixture
def verify(live, tmp_path):
    """verify(*arguments, status=0, answer="", command=...): what it printed; the section is in verify.section."""

    def run(*arguments, status=0, answer="", server=None, token=TOKEN):
        command = [sys.executable, "-m", "tools.verify_live", "--pin", "V1", "--server", server or live.url]
        done = subprocess.run(
            [*command, "--output", str(run.section), *arguments],
            cwd=ROOT,
            env=dict(os.environ, BLYNK_TOKEN=token),
            input=answer,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == status, done.stdout
        assert TOKEN not in done.stdout and "Traceback" not in done.stdout
        return done.stdout

    run.section = tmp_path / "section.md"
    return run


def row(verify, name):
    (line,) = [line for line in verify.section.read_text().splitlines() if line.startswith("| %s |" % name)]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_service_like_the_sandbox_differs_in_nothing_and_gets_each_batch_once(verify, live):
    output = verify("--yes")
    assert "Different from the sandbox: none." in output
    assert [value for _, _, value in live.points()] == VALID + VALID + OLD + FUTURE
    wanted = ["OK"] * 4 + ["Value doesn't match the Datastream data type", "No datastream setup for that pin."]
    assert [request["message"] for request in live.requests()][:6] == wanted
    assert live.requests()[6]["message"].startswith("Too much data in batch.")
    assert "content-length    2                                           2" in output
    assert row(verify, "valid")[1:5] == ["3", "11 12 13", "200 `OK`", "the same"]
    assert row(verify, "too many")[1] == "10001"
    assert TOKEN not in verify.section.read_text()
    assert "- `content-type: text/plain; charset=utf-8`" in verify.section.read_text()


def test_the_batches_times_are_what_their_names_say(verify, live):
    verify("--yes")
    arrived = {value: ms for _, ms, value in live.points()}
    day = 24 * 3600 * 1000
    assert arrived[12] - arrived[11] == 60000 and arrived[13] <= live.batches()[0]["arrived_ms"]
    assert arrived[23] == arrived[13] - 61 * day and arrived[33] == arrived[13] + day


def test_differences_are_named_and_written_down_with_both_answers(verify, live):
    live.fault("reply", skip=1, count=1, status=200, body="Already | there")
    live.fault("unknown_400", count=1, text="Timestamp is `older` than a month.")
    output = verify("--yes")
    assert "Different from the sandbox: repeated, two months old." in output
    assert output.count("=> DIFFERENT") == 2 and output.count("=> the same") == 5
    text = verify.section.read_text()
    assert "| repeated | 3 | 11 12 13 | 200 `Already \\| there` | 200 `OK` |" in text
    assert '400 `{"error":{"message":"Timestamp is \'older\' than a month."}}` | 200 `OK` |' in text


def test_the_token_is_hidden_also_where_the_service_repeats_it(verify, live):
    live.fault("reply", skip=1, count=1, status=500, body="no %s" % TOKEN, header="X-Asked: ?token=%s&" % TOKEN)
    output = verify("--yes")
    assert "no (token)" in output and "?token=(token)&" in output
    assert TOKEN not in verify.section.read_text()


def test_a_service_that_stops_answering_is_written_down_as_such(verify, live):
    live.fault("offline", skip=6)
    verify("--yes")
    assert row(verify, "too many")[3].startswith("0 `no answer: ")


@pytest.mark.parametrize("answer", ["", "n\n"])
def test_nothing_is_sent_without_a_yes(verify, live, answer):
    output = verify(status=1, answer=answer)
    assert "7 requests go to %s" % live.url in output and "counts against the plan's messages" in output
    assert live.requests() == [] and not verify.section.exists()


def test_a_yes_at_the_question_sends_them(verify, live):
    verify(answer="y\n")
    assert len(live.requests()) == 7


def test_a_wrong_region_is_told_after_one_request(verify, live):
    live.fault("wrong_region", location="https://ny3.example")
    output = verify("--yes", status=1)
    assert output.endswith("Error: the token's region is elsewhere: run this again with SERVER=https://ny3.example\n")
    assert len(live.requests()) == 1 and not verify.section.exists()


def test_a_wrong_token_is_told_after_one_request(verify, live):
    output = verify("--yes", status=1, token="another-token")
    assert "Error: the service does not know this token" in output
    assert len(live.requests()) == 1


def test_a_service_that_cannot_be_reached_is_one_sentence(verify, live):
    url = live.url
    live.stop()
    assert "Error: %s: no answer: " % url in verify("--yes", status=1, server=url)


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--pin", "W1"], "'W1' is no pin; write V0 to V255"),
        (["--unknown-pin", "V1"], "must be another pin"),
        (["--server", "blynk.cloud"], "must be like https://blynk.cloud"),
    ],
)
def test_a_mistake_on_the_command_line_is_named_before_anything_is_sent(verify, live, arguments, says):
    assert says in verify("--yes", *arguments, status=2)
    assert live.requests() == []


def test_make_passes_its_settings_on_and_takes_no_token_from_the_environment(live, tmp_path):
    def make(*settings):
        command = ["make", "--no-print-directory", "verify-live", "PIN=V1", "SERVER=" + live.url]
        command += ["ARGS=--yes --output %s" % (tmp_path / "section.md"), *settings]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=dict(os.environ, TOKEN="of-another-service"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    refused = make()
    assert refused.returncode != 0 and "--token" in refused.stdout and live.requests() == []
    done = make("TOKEN=" + TOKEN)
    assert done.returncode == 0 and TOKEN not in done.stdout, done.stdout
    assert len(live.requests()) == 7
