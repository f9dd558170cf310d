"""make verify-live against a second sandbox in the live service's place; faults provoke the differences."""

import io
import os
import time
import zipfile

import pytest

from tests.host.boards import ended, said
from tests.host.wire import post
from tools.sandbox.testing import Sandbox
from tools.verify_live.__main__ import main
from tools.verify_live.batches import DAILY_POINTS, batches
from tools.verify_live.history import History, history, same
from tools.verify_live.history import _rows as rows_of
from tools.verify_live.report import stored as report_stored
from tools.verify_live.wire import Answer, ask

TOKEN = "secret-token-of-32-characters-01"
DAY = 24 * 3600 * 1000
PINS = ["V1:double", "V2:string", "V3:boolean", "V4:location", "V5:integer"]
BATCHES = 12


@pytest.fixture
def live():
    with Sandbox(tokens=[TOKEN], datastream=PINS, total_limit=None) as running:
        yield running


class Run:
    """The command, run against `live`; the section that it wrote is in `section`."""

    def __init__(self, live, folder):
        self.live, self.section = live, folder / "section.md"

    def __call__(self, *arguments, status=0, answer="", server=None, token=TOKEN):
        """What it printed."""
        usual = ["--pin", "V1", "--server", server or self.live.url, "--settle", "0", "--output", str(self.section)]
        output = said(main, *usual, *arguments, status=status, input=answer, env={"BLYNK_TOKEN": token})
        assert TOKEN not in output
        return output

    def row(self, name):
        """The cells of a batch: name, pin, points, values, answer, sandbox, stored, sandbox stored, the library."""
        (line,) = [line for line in self.section.read_text().splitlines() if line.startswith("| %s |" % name)]
        return [cell.strip() for cell in line.strip("|").split(" | ")]


@pytest.fixture
def verify(live, tmp_path):
    return Run(live, tmp_path)


@pytest.fixture(scope="module")
def like_the_sandbox(tmp_path_factory):
    """(a Run against a service like the sandbox, what it printed)"""
    with Sandbox(tokens=[TOKEN], datastream=PINS, total_limit=None) as live:
        run = Run(live, tmp_path_factory.mktemp("verified"))
        yield run, run("--yes", *(word for pin in PINS[1:] for word in ("--pin", pin)))


def test_a_service_like_the_sandbox_differs_in_nothing_and_gets_each_batch_once(like_the_sandbox):
    run, output = like_the_sandbox
    assert "Other answers than the sandbox's: none." in output
    assert "Stored otherwise than in the sandbox: none." in output
    assert len(run.live.requests()) == BATCHES + 2 * (len(PINS) - 1)
    assert "content-length    2                                           2" in output
    assert run.row("valid")[1:6] == ["V1", "3", "11.5 12.5 13.5", "200 `OK`", "the same"]
    assert run.row("too many")[2] == "10001"
    assert TOKEN not in run.section.read_text() and run.section.read_text() in output
    assert "- `content-type: text/plain; charset=utf-8`" in run.section.read_text()


STORED = {
    **dict.fromkeys(["valid", "repeated"], "all, up to 2 times"),
    **dict.fromkeys(["equal times", "1 day old", "35 days old", "61 days old"], "all"),
    **dict.fromkeys(["95 days old", "35 days ahead"], "not told"),
    **dict.fromkeys(["unknown pin", "too many"], "none"),
    **dict.fromkeys(["valid " + pin.partition(":")[2] for pin in PINS[1:]], "all"),
    "old and new": "1 of 2, 1 not told",
}


def test_it_tells_what_was_stored_of_what_was_accepted(like_the_sandbox):
    run, _ = like_the_sandbox
    assert {name: run.row(name)[6] for name in STORED} == STORED
    assert [run.row(name)[4] for name in ("95 days old", "35 days ahead")] == ["200 `OK`"] * 2
    values = {"string": '"check 71" "check 72" "check 73"', "boolean": "true false", "integer": "71 72 73"}
    assert {kind: run.row("valid " + kind)[3] for kind in values} == values
    wrong = [line for line in run.section.read_text().splitlines() if line.startswith("| wrong type |")]
    assert len(wrong) == len(PINS) and all("| none | none |" in line for line in wrong)


def test_the_batches_times_are_what_their_names_say(like_the_sandbox):
    live = like_the_sandbox[0].live
    arrived = {value: ms for _, ms, value in live.points(1)}
    assert arrived[12.5] - arrived[11.5] == 60000 and arrived[13.5] <= live.batches()[0]["arrived_ms"]
    ages = [arrived[13.5] - arrived[value] for value in (33.5, 36.5, 39.5, 43.5, 46.5)]
    assert ages == [1 * DAY, 35 * DAY, 61 * DAY, 95 * DAY, -35 * DAY]
    assert len({ms for _, ms, value in live.points(1) if value in (21.5, 22.5)}) == 1


def test_a_service_that_accepts_and_drops_is_found_out(verify, live):
    live.change_rules(max_age_days=30, drop=["too_old"])
    live.fault("drop_past", keep=2, count=2)
    output = verify("--yes")
    assert "otherwise than in the sandbox: valid, repeated, 35 days old, 61 days old." in output
    assert verify.row("35 days old")[4:8] == ["200 `OK`", "the same", "none", "all"]


def test_the_daily_limit_is_looked_for_only_when_asked(verify, live, monkeypatch):
    assert DAILY_POINTS == 100_000
    for module in ("batches", "__main__"):
        monkeypatch.setattr("tools.verify_live.%s.DAILY_POINTS" % module, 20_000)  # five times as fast
    output = verify("--daily-limit", answer="n\n", status=1)
    assert "They use up the device's points of today" in output and live.requests() == []
    verify("--yes", "--daily-limit")
    assert len(live.points()) > 20_000
    assert verify.row("a day's points, 1")[4:6] == ["200 `OK`", "the same"]
    assert verify.row("a day's points, 2")[4] == "200 `OK`"
    assert "Daily limit of 20000" in verify.row("a day's points, 2")[5]


def test_differences_are_named_and_written_down_with_both_answers(verify, live):
    live.fault("reply", skip=1, count=1, status=200, body="Already | there")
    live.fault("unknown_400", count=1, text="Timestamp is `older` than a month.")
    output = verify("--yes")
    assert "Other answers than the sandbox's: repeated, equal times." in output
    assert output.count("=> DIFFERENT") == 2 and output.count("=> the same") == BATCHES - 2
    text = verify.section.read_text()
    assert "200 `Already \\| there` | 200 `OK` |" in text
    assert '400 `{"error":{"message":"Timestamp is \'older\' than a month."}}` | 200 `OK` |' in text


def test_a_service_that_does_not_give_its_data_back_is_told():
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
    assert ask(sandbox.url, "/", "t").body == "no answer: Connec(token)ion refused"


def test_a_service_that_stops_answering_is_written_down_as_such(verify, live):
    live.fault("offline", skip=BATCHES - 1)
    verify("--yes")
    assert verify.row("too many")[4].startswith("0 `no answer: ")


@pytest.mark.parametrize("answer", ["", "n\n", "y\n"])
def test_nothing_is_sent_without_a_yes(verify, live, answer):
    said_yes = answer == "y\n"
    output = verify(status=not said_yes, answer=answer)
    assert "%d requests go to %s" % (BATCHES + 2, live.url) in output and "counts against the plan's messages" in output
    assert (len(live.requests()), verify.section.exists()) == (BATCHES * said_yes, said_yes)


ELSEWHERE = "the token's region is elsewhere: run this again with SERVER=https://ny3.example\n"
REFUSING = [
    ("wrong_region", {"location": "https://ny3.example"}, ELSEWHERE),
    ("invalid_token", {}, "the service does not know this token"),
    *[("reply", {"status": status, "body": "<html>Hello</html>"}, "%%s answers %d, which no Blynk server does" % status)
      for status in (308, 404, 502)],  # 308: which names no region
]  # fmt: skip


@pytest.mark.parametrize("fault, settings, says", REFUSING)
def test_a_service_that_refuses_the_first_request_gets_no_other(verify, live, fault, settings, says):
    live.fault(fault, **settings)
    output = verify("--yes", status=1)
    assert "Error: " + says.replace("%s", live.url) in output
    assert len(live.requests()) == 1 and not verify.section.exists()


def test_a_service_that_cannot_be_reached_is_one_sentence(verify, live):
    live.stop()
    assert "Error: %s: no answer: " % live.url in verify("--yes", status=1)


LONG = "http://%s.cloud" % ("long" * 16)
SERVERS = ["blynk.cloud", "http://127.0.0.1:port", "http://[::1", "https://me@blynk.cloud", LONG]
MISTAKES = [
    ("--pin=W1", "'W1' is no pin; write V0 to V255, as in V1:double"),
    ("--pin=V2:colour", "'colour' is no data type: write V1:TYPE, one of string"),
    ("--pin=V2:any", "'any' is no type; one of double"),
    ("--unknown-pin=V1", "must be another pin"),
    *[("--server=" + server, "must be like https://blynk.cloud") for server in SERVERS],
]


@pytest.mark.parametrize("argument, says", MISTAKES)
def test_a_mistake_on_the_command_line_is_named_before_anything_is_sent(verify, live, argument, says):
    assert says in verify("--yes", argument, status=2)
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
