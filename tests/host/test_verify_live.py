"""make verify-live against a second sandbox in the live service's place; faults provoke the differences."""

import io
import os
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.host.boards import ended
from tests.host.wire import post
from tools.sandbox.testing import Sandbox
from tools.verify_live.batches import batches
from tools.verify_live.history import History, history, same
from tools.verify_live.history import _rows as rows_of
from tools.verify_live.report import stored as report_stored
from tools.verify_live.wire import Answer, get

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "secret-token-of-32-characters-01"
DAY = 24 * 3600 * 1000
PINS = ["V1:double", "V2:string", "V3:boolean", "V4:location", "V5:integer"]
BATCHES = 12


@pytest.fixture
def live():
    with Sandbox(tokens=[TOKEN], datastream=PINS, total_limit=None) as running:
        yield running


@pytest.fixture
def verify(live, tmp_path):
    """verify(*arguments, status=0, answer="", command=...): what it printed; the section is in verify.section."""

    def run(*arguments, status=0, answer="", server=None, token=TOKEN):
        command = [sys.executable, "-m", "tools.verify_live", "--pin", "V1", "--server", server or live.url]
        command += ["--settle", "0", "--output", run.section, *arguments]
        done = ended(*command, env=dict(os.environ, BLYNK_TOKEN=token), input=answer, stdin=None)
        assert done.returncode == status, done.stdout
        assert TOKEN not in done.stdout and "Traceback" not in done.stdout
        return done.stdout

    run.section = tmp_path / "section.md"
    return run


def row(verify, name):
    """The cells of a batch's row: name, pin, points, values, answer, sandbox, stored, sandbox stored, the library."""
    (line,) = [line for line in verify.section.read_text().splitlines() if line.startswith("| %s |" % name)]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_a_service_like_the_sandbox_differs_in_nothing_and_gets_each_batch_once(verify, live):
    output = verify("--yes")
    assert "Other answers than the sandbox's: none." in output
    assert "Stored otherwise than in the sandbox: none." in output
    assert len(live.requests()) == BATCHES
    assert "content-length    2                                           2" in output
    assert row(verify, "valid")[1:6] == ["V1", "3", "11.5 12.5 13.5", "200 `OK`", "the same"]
    assert row(verify, "too many")[2] == "10001"
    assert TOKEN not in verify.section.read_text()
    assert "- `content-type: text/plain; charset=utf-8`" in verify.section.read_text()


def test_it_tells_what_was_stored_of_what_was_accepted(verify, live):
    verify("--yes")
    stored = {name: row(verify, name)[6] for name in ("valid", "repeated", "equal times", "1 day old", "35 days old")}
    assert stored == dict.fromkeys(stored, "all") | dict.fromkeys(["valid", "repeated"], "all, up to 2 times")
    for name in ("95 days old", "35 days ahead"):
        assert row(verify, name)[4] == "200 `OK`" and row(verify, name)[6] == "not told"
    assert row(verify, "61 days old")[6] == "all"
    assert row(verify, "old and new")[6] == "1 of 2, 1 not told"
    assert [row(verify, name)[6] for name in ("wrong type", "unknown pin", "too many")] == ["none"] * 3


def test_every_type_comes_back_by_a_datastream_of_its_own(verify, live):
    verify("--yes", *(word for pin in PINS[1:] for word in ("--pin", pin)))
    values = {"string": '"check 71" "check 72" "check 73"', "boolean": "true false", "integer": "71 72 73"}
    assert {kind: row(verify, "valid " + kind)[3] for kind in values} == values
    assert [row(verify, "valid " + pin.partition(":")[2])[6] for pin in PINS[1:]] == ["all"] * 4


def test_a_service_that_accepts_and_drops_is_found_out(verify, live):
    live.change_rules(max_age_days=30, drop=["too_old"])
    live.fault("drop_past", keep=2, count=2)
    output = verify("--yes")
    assert "otherwise than in the sandbox: valid, repeated, 35 days old, 61 days old." in output
    assert row(verify, "35 days old")[4:8] == ["200 `OK`", "the same", "none", "all"]


def test_the_batches_times_are_what_their_names_say(verify, live):
    verify("--yes")
    arrived = {value: ms for _, ms, value in live.points()}
    assert arrived[12.5] - arrived[11.5] == 60000 and arrived[13.5] <= live.batches()[0]["arrived_ms"]
    ages = [arrived[13.5] - arrived[value] for value in (33.5, 36.5, 39.5, 43.5, 46.5)]
    assert ages == [1 * DAY, 35 * DAY, 61 * DAY, 95 * DAY, -35 * DAY]
    assert len({ms for _, ms, value in live.points() if value in (21.5, 22.5)}) == 1


def test_the_daily_limit_is_looked_for_only_when_asked(verify, live):
    output = verify("--daily-limit", answer="n\n", status=1)
    assert "They use up the device's points of today" in output and live.requests() == []
    live.change_rules(words={"limit": "Enough."})
    verify("--yes", "--daily-limit")
    assert len(live.points()) > 100_000
    assert row(verify, "a day's points, 9")[4:6] == ["200 `OK`", "the same"]
    assert row(verify, "a day's points, 10")[4] == "200 `OK`"
    assert "Daily limit of 100000" in row(verify, "a day's points, 10")[5]


def test_differences_are_named_and_written_down_with_both_answers(verify, live):
    live.fault("reply", skip=1, count=1, status=200, body="Already | there")
    live.fault("unknown_400", count=1, text="Timestamp is `older` than a month.")
    output = verify("--yes")
    assert "Other answers than the sandbox's: repeated, equal times." in output
    assert output.count("=> DIFFERENT") == 2 and output.count("=> the same") == BATCHES - 2
    text = verify.section.read_text()
    assert "200 `Already \\| there` | 200 `OK` |" in text
    assert '400 `{"error":{"message":"Timestamp is \'older\' than a month."}}` | 200 `OK` |' in text


def test_a_service_that_does_not_give_its_data_back_is_told(verify, live):
    verify("--yes")
    told = History(Answer(404, "Not here.", {}), [], [])
    assert report_stored(batches({"V1": "double"}, "V255", 0)[0], told, 0) == "not told: Not here."


LIKE_JSON = ['1.50', '1e5', '[1,2]', '"a"', '{"a":1}', ' 42', '-0', '1E400']
ROWS = [
    ('1648054765458,21.5', (1648054765, "21.5")),
    ('21.5,1648054765458', (1648054765, "21.5")),
    ('1648054765,door open', (1648054765, "door open")),
    ('2022-03-23 16:59:25,"[1.5,2]"', (1648054765, "[1.5,2]")),
    ('03/23/22 04:59:25 PM,true', (1648054765, "true")),
    ('V1,1648054765458,7', (1648054765, "V1")),
    ('Time,Value', None),
    ('²' * 10 + ',7', None),
]  # fmt: skip


@pytest.mark.parametrize("line, found", ROWS)
def test_the_columns_of_an_undocumented_csv_are_told_apart(line, found):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("data.csv", line + "\n")
    assert list(rows_of(packed.getvalue())) == ([found] if found else [])


@pytest.mark.parametrize(
    "sent, read, equal",
    [(21.5, "21.5", True), (21.5, "21.500001", True), (1, "2", False), (True, "1", True), (False, "false", True),
     ("7", "7", True), ("a", "b", False), ("a", '"a"', True), ([1.5, 2], "[1.5, 2]", True), ([1.5, 2], "1.5,2", True),
     ([1.5, 2], "[1.5]", False), (7, "x", False), *[(text, text, True) for text in LIKE_JSON]],
)  # fmt: skip
def test_a_value_is_recognised_whatever_its_spelling(sent, read, equal):
    assert same(sent, read) is equal


def test_the_token_is_hidden_also_where_the_service_repeats_it(verify, live):
    live.fault("reply", skip=1, count=1, status=500, body="no %s" % TOKEN, header="X-Asked: ?token=%s&" % TOKEN)
    output = verify("--yes")
    assert "no (token)" in output and "?token=(token)&" in output
    assert TOKEN not in verify.section.read_text()


def test_a_token_that_is_part_of_other_words_hides_no_link_and_itself_once():
    with Sandbox(tokens=["t"]) as sandbox:
        assert post(sandbox, [[int(time.time()) * 1000, 1]]).body == "OK"
        assert [value for _, value in history(sandbox.url, "t", "V1").raw] == ["1"]
    assert get(sandbox.url, "/", "t").body == "no answer: Connec(token)ion refused"


def test_a_service_that_stops_answering_is_written_down_as_such(verify, live):
    live.fault("offline", skip=BATCHES - 1)
    verify("--yes")
    assert row(verify, "too many")[4].startswith("0 `no answer: ")


@pytest.mark.parametrize("answer", ["", "n\n"])
def test_nothing_is_sent_without_a_yes(verify, live, answer):
    output = verify(status=1, answer=answer)
    assert "%d requests go to %s" % (BATCHES + 2, live.url) in output and "counts against the plan's messages" in output
    assert live.requests() == [] and not verify.section.exists()


def test_a_yes_at_the_question_sends_them(verify, live):
    verify(answer="y\n")
    assert len(live.requests()) == BATCHES


def test_a_wrong_region_is_told_after_one_request(verify, live):
    live.fault("wrong_region", location="https://ny3.example")
    output = verify("--yes", status=1)
    assert output.endswith("Error: the token's region is elsewhere: run this again with SERVER=https://ny3.example\n")
    assert len(live.requests()) == 1 and not verify.section.exists()


def test_a_wrong_token_is_told_after_one_request(verify, live):
    output = verify("--yes", status=1, token="another-token")
    assert "Error: the service does not know this token" in output
    assert len(live.requests()) == 1


@pytest.mark.parametrize("status", [308, 404, 502])  # 308: which names no region
def test_a_server_that_is_no_blynk_server_is_one_sentence(verify, live, status):
    live.fault("reply", status=status, body="<html>Hello</html>")
    output = verify("--yes", status=1)
    assert "Error: %s answers %d, which no Blynk server does: look at SERVER" % (live.url, status) in output
    assert len(live.requests()) == 1


def test_a_service_that_cannot_be_reached_is_one_sentence(verify, live):
    url = live.url
    live.stop()
    assert "Error: %s: no answer: " % url in verify("--yes", status=1, server=url)


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--pin", "W1"], "'W1' is no pin; write V0 to V255, or V1:integer"),
        (["--pin", "V2:colour"], "'colour' is no type; one of double"),
        (["--unknown-pin", "V1"], "must be another pin"),
        (["--server", "blynk.cloud"], "must be like https://blynk.cloud"),
        (["--server", "http://127.0.0.1:port"], "must be like https://blynk.cloud"),
        (["--server", "http://[::1"], "must be like https://blynk.cloud"),
        (["--server", "https://me@blynk.cloud"], "must be like https://blynk.cloud"),
        (["--server", "http://%s.cloud" % ("long" * 16)], "must be like https://blynk.cloud"),
    ],
)
def test_a_mistake_on_the_command_line_is_named_before_anything_is_sent(verify, live, arguments, says):
    assert says in verify("--yes", *arguments, status=2)
    assert live.requests() == []


def test_a_section_that_cannot_be_written_is_told_before_anything_is_sent(verify, live, tmp_path):
    (tmp_path / "file").touch()
    said = verify("--yes", "--output", str(tmp_path / "file" / "section.md"), status=1)
    assert "Error: %s/file" % tmp_path in said and live.requests() == []


def test_make_passes_its_settings_on_and_takes_no_token_from_the_environment(live, tmp_path):
    def make(*settings):
        command = ["make", "--no-print-directory", "verify-live", "PIN=V1", "SERVER=" + live.url]
        command += ["ARGS=--yes --settle 0 --output %s" % (tmp_path / "section.md"), *settings]
        return ended(*command, env=dict(os.environ, TOKEN="of-another-service"))

    refused = make()
    assert refused.returncode != 0 and "--token" in refused.stdout and live.requests() == []
    done = make("TOKEN=" + TOKEN)
    assert done.returncode == 0 and TOKEN not in done.stdout, done.stdout
    assert len(live.requests()) == BATCHES
