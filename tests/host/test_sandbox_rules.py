"""What the sandbox takes of a batch's content, and how it refuses the rest: types, limits, age, words; also while it
runs."""

import json
import time

import pytest

from tests.host.wire import error, post, request
from tools.sandbox.testing import Sandbox

DAY = 86_400_000
NOW = int(time.time() * 1000)
OLD, OLDER = NOW - 31 * DAY, NOW - 40 * DAY


@pytest.fixture(scope="module")
def ruled():
    """A sandbox whose rules each test sets anew."""
    with Sandbox(total_limit=None) as running:
        yield running


@pytest.fixture
def rules(ruled):
    """rules(**changes) sets the rules anew; its attribute `sandbox` is the sandbox, `new()` what was stored since."""

    def change(**changes):
        return ruled.change_rules(**changes)

    plain = {"max_age_days": None, "others": "any", "drop": [], "words": {}}
    known = ruled.rules()["datastreams"]
    change(datastreams=dict.fromkeys(known), **plain)
    before = len(ruled.points())
    change.new = lambda: [(ms, value) for _, ms, value in ruled.points()[before:]]
    change.post = lambda body, pin="v1": post(ruled, body, pin)
    return change


# What a batch [[T, 1], [T, 2.5], [T, "a"], [T, true]] leaves in a datastream where what is wrong is left out.
LEFT = {
    "integer": [1],
    "enum": [1],
    "double": [1, 2.5],
    "string": ["a"],
    "boolean": [True],
    "location": [],
    "any": [1, 2.5, "a", True],
}


@pytest.mark.parametrize("kind", LEFT)
def test_what_does_not_match_is_left_out_at_200_where_that_is_asked_for(rules, kind):
    rules(datastreams={"V1": kind}, drop=["wrong_type"])
    assert rules.post([[NOW, 1], [NOW, 2.5], [NOW, "a"], [NOW, True]]).body == "OK"
    assert [value for _, value in rules.new()] == LEFT[kind]


@pytest.mark.parametrize(
    "stream, sent, stored",
    [
        ("integer:0:100", "[5,-5,100,101]", [5, 0, 100, 100]),
        ("double:-1.5:1.5", "[-2,0.25,7.75]", [-1.5, 0.25, 1.5]),
        ("double:0:", "[-1,1e9]", [0, 1e9]),
        ("integer::7", "[-9,9]", [-9, 7]),
    ],
)
def test_numbers_are_cut_to_the_datastreams_limits(rules, stream, sent, stored):
    rules(datastreams={"V1": stream})
    assert rules.post([[NOW, value] for value in json.loads(sent)]).body == "OK"
    assert [value for _, value in rules.new()] == stored


AGES = [[NOW, 1], [OLDER, 2], [NOW - 29 * DAY, 3], [OLD, 4]]


def test_one_old_point_refuses_its_batch_or_is_left_out(rules):
    rules(max_age_days=30)
    reply = rules.post(AGES)
    assert (reply.status, rules.new()) == (400, [])
    assert reply.body == error("Timestamp %d is older than 30 days." % OLDER)
    rules(drop=["too_old"])
    assert rules.post(AGES).body == "OK"
    assert rules.new() == [(NOW, 1), (NOW - 29 * DAY, 3)]


def test_the_ledger_tells_what_was_left_out_and_cut(rules, ruled):
    rules(datastreams={"V1": "integer:0:2"}, max_age_days=30, drop=["too_old", "wrong_type"])
    rules.post([*AGES, [NOW, "x"]])
    told = ruled.requests()[-1]
    assert told["message"] == "OK, but 2 of 5 points stored (wrong_type, too_old), 1 cut to the datastream's limits"
    assert (told["status"], told["points"]) == (200, 2)


def test_a_batch_of_which_nothing_is_left_is_answered_ok_and_stores_nothing(rules, ruled):
    rules(max_age_days=30, drop=["too_old"])
    assert rules.post([[OLD, 1]]).body == "OK"
    assert rules.new() == [] and ruled.requests()[-1]["message"] == "OK, but 0 of 1 points stored (too_old)"


@pytest.mark.parametrize("reason", ["too_old", "wrong_type", "no_datastream"])
def test_the_words_of_a_refusal_are_of_ones_choice(rules, reason):
    rules(datastreams={"V1": "integer", "V2": "none"}, max_age_days=30, words={reason: 'Nobody "documents" this.'})
    batches = {"too_old": ([[OLD, 1]], "v1"), "wrong_type": ([[NOW, "a"]], "v1"), "no_datastream": ([[NOW, 1]], "v2")}
    reply = rules.post(*batches[reason])
    assert (reply.status, json.loads(reply.body)["error"]["message"]) == (400, 'Nobody "documents" this.')


def test_a_datastream_is_made_mended_and_removed_while_it_runs(rules):
    missing, wrong = error("No datastream setup for that pin."), error("Value doesn't match the Datastream data type")
    rules(others="none")
    assert rules.post([[NOW, 2.5]], "v7").body == missing
    rules(datastreams={"V7": "integer"})
    assert rules.post([[NOW, 2.5]], "v7").body == wrong
    rules(datastreams={"v7": "double"})
    assert rules.post([[NOW, 2.5]], "v7").body == "OK"
    rules(datastreams={"V7": None})
    assert rules.post([[NOW, 2.5]], "v7").body == missing
    rules(others="any", datastreams={"V7": "none"})
    assert [rules.post([[NOW, 1]], pin).body for pin in ("v7", "v8")] == [missing, "OK"]


def test_room_can_run_out_in_the_middle_of_a_batch():
    with Sandbox(total_limit=3, drop="limit") as sandbox:
        assert post(sandbox, [[NOW + i, i] for i in range(5)]).body == "OK"
        assert post(sandbox, [[NOW, 9]]).body == "OK"
        assert [value for _, _, value in sandbox.points()] == [0, 1, 2]


def test_the_command_line_sets_them_too():
    options = {"ds": ["V1:integer:0:9", "V2:none"], "words": "wrong_type=Use, say: integers = 1", "drop": "too_old"}
    with Sandbox(max_age_days=30, others="any", **options) as sandbox:
        assert sandbox.rules() == {
            "datastreams": {"V1": "integer:0:9", "V2": "none"},
            "others": "any",
            "max_age_days": 30,
            "drop": ["too_old"],
            "words": {"wrong_type": "Use, say: integers = 1"},
        }
        assert post(sandbox, [[NOW, "a"]]).body == error("Use, say: integers = 1")
        assert post(sandbox, [[NOW, "a"]], "v3").body == "OK"


BAD = [
    ({"datastreams": {"V1": "colour"}}, "'colour' is no data type"),
    ({"datastreams": {"W1": "double"}}, "'W1' is no pin"),
    ({"datastreams": {"V1": 5}}, "5 is no data type"),
    ({"datastreams": {"V1": "integer:9:1"}}, "9 is more than 1"),
    ({"datastreams": {"V1": "string:1:9"}}, "a string has no limits"),
    ({"datastreams": {"V1": "integer:nan:9"}}, "'nan' is no number"),
    ({"datastreams": {"V1": "integer:1"}}, "write V1:integer:LOW:HIGH"),
    ({"datastreams": []}, "datastreams"),
    ({"others": "some"}, "others"),
    ({"max_age_days": -1}, "max_age_days"),
    ({"max_age_days": "long"}, "max_age_days"),
    ({"max_age_days": True}, "max_age_days"),
    ({"drop": ["everything"]}, "'everything' is no reason"),
    ({"drop": "too_old"}, "drop"),
    ({"words": {"too_old": 5}}, "words"),
    ({"words": {"never": "x"}}, "'never' is no reason"),
    ({"words": {"too_old": "\ud800"}}, "words"),
    ({"colour": 1}, "'colour' is no rule"),
    ([], "object"),
]


@pytest.mark.parametrize("changes, says", BAD)
def test_a_wrong_rule_is_named_and_changes_nothing(rules, ruled, changes, says):
    rules(datastreams={"V3": "double"}, max_age_days=7)
    before = ruled.rules()
    if isinstance(changes, dict):
        changes = dict({"max_age_days": 8}, **changes)
    reply = request(ruled.url, "PATCH", "/sandbox/rules", json.dumps(changes))
    assert reply.status == 400 and says in json.loads(reply.body)["error"]["message"]
    assert ruled.rules() == before
