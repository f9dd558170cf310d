"""Odd requests to the sandbox: each gets a clear 4xx, none a 500, and a fuzzer finds no other."""

import json

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from hypothesis.errors import Unsatisfiable

from tests.host import wire
from tests.host.wire import post, request
from tools.sandbox import openapi
from tools.sandbox.testing import Sandbox

T = 1790000000000
DEEP = "[" * 100_000
SURROGATE = '"\\ud800"'


@pytest.fixture(scope="module")
def odd():
    with Sandbox(total_limit=None) as running:
        yield running


FAULTS = {
    "a list": "[]",
    "null": "null",
    "a number": "5",
    "nothing": "",
    "no UTF-8": b"\xff\xfe",
    "deep": DEEP,
    "deep in an object": '{"name": ' + DEEP,
    "a name that is a list": '{"name": []}',
    "a name that is an object": '{"name": {}}',
    "half a surrogate as a name": '{"name": %s}' % SURROGATE,
    "a count of 5,000 digits": '{"name": "offline", "count": %s}' % ("9" * 5000),
    "a count of 4,000 digits": '{"name": "offline", "count": %s}' % ("9" * 4000),
    "a count of 4,000 digits as text": '{"name": "offline", "count": "%s"}' % ("9" * 4000),
    "an endless count": '{"name": "offline", "count": Infinity}',
    "a count that is a list": '{"name": "offline", "count": []}',
    "seconds of 4,000 digits": '{"name": "slow", "seconds": %s}' % ("9" * 4000),
    "seconds that are no number": '{"name": "slow", "seconds": NaN}',
    "half a surrogate as a text": '{"name": "unknown_400", "text": %s}' % SURROGATE,
    "half a surrogate as a token": '{"name": "offline", "token": %s}' % SURROGATE,
    "a token that is a list": '{"name": "offline", "token": [1]}',
    "a pin that is a list": '{"name": "offline", "pin": [1]}',
    "a pin of 5,000 digits": '{"name": "offline", "pin": "%s"}' % ("1" * 5000),
    "half a surrogate as a setting": '{"name": "offline", %s: 1}' % SURROGATE,
    "two lines as a content type": '{"name": "reply", "content_type": "a\\r\\nb: c"}',
}


@pytest.mark.parametrize("body", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("method, path", [("POST", "/sandbox/faults"), ("PATCH", "/sandbox/rules")])
def test_an_odd_body_is_refused_in_words_and_changes_nothing(odd, method, path, body):
    before = odd._call("GET", path)
    reply = request(odd.url, method, path, body, {"Content-Type": "application/json; charset=nonsense"})
    assert reply.status == 400 and json.loads(reply.body)["error"]["message"]
    assert odd._call("GET", path) == before


QUESTIONS = [
    ("requests?size=-1", 400),
    ("requests?size=" + "9" * 5000, 400),
    ("requests?size=999999", 200),
    ("requests?find=%ED%A0%80", None),
    ("requests?kind=%00", 200),
    ("series?device=1&pin=1&from=-9223372036854775808&to=9223372036854775807&slices=1", 200),
    ("series?device=1&pin=1&from=0&to=1&slices=-5", 400),
    ("series?device=1", 400),
    ("series?device=1&pin=1&from=5&to=1", 400),
    *[("series?device=1&pin=1&from=0&to=%d" % number, 400) for number in (2**63, -(2**63) - 1, 10**19)],
    ("texts?device=1&pin=1&from=x", 400),
    ("texts?device=x&pin=1", 400),
    ("points.csv?device=%s" % ("9" * 30), 400),
]


@pytest.mark.parametrize("question, status", QUESTIONS)
def test_an_odd_question_is_answered_or_refused(odd, question, status):
    reply = request(odd.url, "GET", "/sandbox/" + question)
    assert reply.status == status if status else reply.status < 500
    assert status != 400 or json.loads(reply.body)["error"]["message"]


def test_rows_are_capped_however_many_are_asked_for():
    with Sandbox() as many:
        for _ in range(1001):
            post(many, "[]")
        assert len(json.loads(request(many.url, "GET", "/sandbox/requests?size=5000").body)) == 1000


@pytest.mark.parametrize("path", ["/external/api/batch/update?pin=v1&token=", "/sandbox/faults"])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "nonsense"])
def test_a_body_that_is_said_to_be_packed_is_refused_and_not_cut_off(odd, path, coding):
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    reply = request(odd.url, "POST", path + odd.token * path.endswith("="), "[[%d,1]]" % T, headers)
    assert reply.status in (400, 415) and reply.body  # 400: the HTTP library had looked into it first


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "x"])
def test_a_fault_of_an_odd_number_is_not_found(odd, number):
    assert request(odd.url, "DELETE", "/sandbox/faults/" + number).status == 404


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "\\", "%", ":::", "x" * 5000, "\xff", ""])
@pytest.mark.parametrize("path", ["/sandbox/info", "/", "/external/api/batch/update?token=t&pin=v1"])
def test_an_odd_host_is_answered_or_refused(odd, host, path):
    head = b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path.encode(), host.encode("latin-1"))
    received, _ = wire.exchange_raw(odd, head)
    assert received.startswith(b"HTTP/1.1 ") and int(received.split()[1]) < 500


@pytest.mark.parametrize("name", ["points.csv", "requests.csv", "events"])
def test_a_question_for_the_head_alone_of_what_is_streamed_gets_no_body_that_hides_the_next_reply(odd, name):
    asked = b"HEAD /sandbox/%s HTTP/1.1\r\nHost: s\r\n\r\n" % name.encode()
    received, _ = wire.exchange_raw(odd, asked + b"GET /nothing HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 405 ") and received.partition(b"\r\n\r\n")[2].startswith(b"HTTP/1.1 404 ")


TARGETS = ["//[", "*", "/%", "/%zz", "/\xff", "//", "/sandbox/../..", "/?%ED%A0%80=%ED%A0%80"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "BREW"])
def test_an_odd_target_is_answered_or_refused(odd, method, target):
    head = b"%s %s HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n" % (method.encode(), target.encode("latin-1"))
    received, _ = wire.exchange_raw(odd, head)
    assert received.startswith(b"HTTP/1.") and int(received.split()[1]) < 500


@pytest.mark.parametrize("token", ["%ED%A0%80", "%00", "%FF", "a" * 4000, "%F0%9F%98%80"])
def test_an_odd_token_is_an_unknown_one(odd, token):
    assert post(odd, [[T, 1]], token=token).body == wire.error("Invalid token.")
    assert odd.requests()[-1]["status"] == 400


def test_a_fault_with_odd_texts_is_carried_out(odd):
    odd.fault("reply", count=1, body="\U0001f600", content_type="text/plain; charset=nonsense", header="X: \xe9")
    assert post(odd, [[T, 1]]).body == "\U0001f600"


# A fuzzer, over all that the sandbox says it serves.

OPERATIONS = [(path, method) for path, calls in openapi.describe("")["paths"].items() for method in calls]


@pytest.fixture(scope="module")
def fuzzed():
    """(a sandbox of the fuzzer's own, what it serves as schemathesis sees it)"""
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis needs Python 3.11")
    with Sandbox(total_limit=None) as running:
        yield running, schemathesis.openapi.from_url(running.url + "/sandbox/openapi.json")


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("path, method", OPERATIONS, ids=[" ".join(operation) for operation in OPERATIONS])
def test_a_fuzzer_gets_no_answer_but_those_described(fuzzed, path, method, mode):
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi import checks

    sandbox, schema = fuzzed
    examples = 20 if method == "get" else 60  # what is wrong in a body takes more tries
    conforms = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=schema[path][method].as_strategy(generation_mode=GenerationMode(mode)), known=strategies.booleans())
    def ask(case, known):
        if known and isinstance(case.query, dict) and "token" in case.query:
            case.query["token"] = sandbox.token
        case.call_and_validate(checks=conforms, timeout=wire.TIMEOUT_S)
        if path == "/sandbox/faults":
            sandbox.clear_faults()  # some would hold up the next upload

    try:
        ask()
    except Unsatisfiable:
        pass  # a call without parameters has no wrong ones
