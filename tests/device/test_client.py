"""The public interface on its own: what it takes, what it refuses, what it says. No network."""

import builtins
import gc
import os
import sys

import blynk_batch
from stand_ins import NOW_MS, FakeClock, FakeServer

HEAP = "4m"  # a server's list of 513 points grows to 8 KB in one piece
TOKEN = "0123456789abcdefghijklmnopqrstuv"


def client_on(path="ring", server=None, clock=None, ring_options={}, **options):  # noqa: B006
    ring = blynk_batch.FileRing(path, **dict({"capacity_bytes": 64 * 1024}, **ring_options))
    return blynk_batch.Client(TOKEN, ring=ring, transport=server or FakeServer(), clock=clock or FakeClock(), **options)


def raises(kind, *words):
    """The one exception of exactly that kind that the function raises must name all the words, and not the token."""

    def check(action):
        try:
            action()
        except kind as e:
            text = str(e)
            for word in words:
                assert word in text, "%r is not in %r" % (word, text)
            assert TOKEN not in text
            return
        raise AssertionError("nothing was raised")

    return check


def test_a_reading_is_there_again_after_opening_anew():
    client = client_on()
    client.log(1, 21.5)
    client.log("V2", "door open", timestamp=1648054765458)
    client = None  # no close: as after a power cut
    gc.collect()
    blynk_batch.client._open_rings.clear()
    client = client_on()
    assert list(client.points()) == [(1, NOW_MS, 21.5), (2, 1648054765458, "door open")]
    assert client.pending == 2


def test_points_asks_no_more_of_next_than_the_oldest_micropython_has():
    """Until 1.25 next() takes an iterator and nothing else."""
    given, client = builtins.next, client_on()
    client.log(1, 21.5)
    builtins.next = lambda iterator: given(iterator)
    try:
        assert list(client.points()) == [(1, NOW_MS, 21.5)]
    finally:
        builtins.next = given


def test_every_type_of_value_comes_back_and_arrives_as_it_was_logged():
    values = [0, -7, 2**63 - 1, -(2**63), 21.53, -0.001, 1e-07, 123456.75, True, False, "", 'äö "quoted" \\ €']
    values += [(13.4, 52.5), (-0.5, 0)]
    server = FakeServer()
    client = client_on(server=server)
    for value in values:
        client.log(5, value)
    assert [value for _, _, value in client.points()] == values
    result = client.upload()
    assert result.error is None, result
    assert [list(v) if isinstance(v, tuple) else v for v in values] == [value for _, _, value in server.points]


def test_a_group_has_one_timestamp_and_skips_what_is_no_reading():
    client = client_on()
    client.log_group({1: 21.5, "V2": None, "v3": float("nan"), 4: float("-inf"), 5: True})
    assert list(client.points()) == [(1, NOW_MS, 21.5), (5, NOW_MS, True)]
    assert client.stats()["skipped"] == 3
    client.log(1, None)
    assert client.pending == 2
    assert client.stats()["skipped"] == 4
    client.log(1, 5)
    assert client.stats()["skipped"] == 4


def test_the_bytes_in_use_are_those_of_whole_sectors_and_of_the_newest():
    client, text = client_on(), "x" * 1000
    client.log(1, text)
    first = client.stats()["used_bytes"]
    assert 1000 < first < 1200
    for _ in range(10):
        client.log(1, text)
    assert 11 * 1000 < client.stats()["used_bytes"] < 8 * 4096


def test_a_group_may_hold_every_pin_there_is():
    server = FakeServer()
    client = client_on(server=server)
    for _ in range(2):
        client.log_group({pin: pin / 4 for pin in range(256)})
    client.log(7, 1)
    wanted = [(pin, NOW_MS + group, pin / 4) for group in range(2) for pin in range(256)]
    assert list(client.points()) == wanted + [(7, NOW_MS + 2, 1)] and client.pending == 513
    assert client.upload().uploaded == 513 and len(server.points) == 513


def test_a_wrong_pin_names_itself_and_the_rule():
    client = client_on()
    for pin in (-1, 256, "V256", "1", "Vx", "", "V-1", "V1 "):
        raises(ValueError, repr(pin), "V0 to V255")(lambda pin=pin: client.log(pin, 1))
    for pin in (None, 1.0, True, (1,)):
        raises(TypeError, repr(pin), "int or a str")(lambda pin=pin: client.log(pin, 1))
    assert client.pending == 0


def test_a_wrong_value_names_its_pin_and_the_rule_and_nothing_of_its_group_is_stored():
    client = client_on()
    wrong = [(TypeError, {}, "dict"), (TypeError, b"x", "bytes"), (ValueError, 2**63, "64 bits")]
    wrong += [(ValueError, "x" * 1025, "1024"), (ValueError, "€" * 342, "1024"), (ValueError, (1, 2, 3), "longitude")]
    wrong += [(TypeError, (1, "x"), "str"), (TypeError, (True, 1), "bool")]
    for kind, value, word in wrong:
        raises(kind, "V7", word)(lambda value=value: client.log_group({1: 1, 7: value}))
    raises(ValueError, "V7", "twice")(lambda: client.log_group({7: 1, "V7": 2}))
    assert client.pending == 0
    client.log(7, "x" * 1024)
    assert client.pending == 1


def test_a_timestamp_is_whole_milliseconds_since_1970():
    client = client_on()
    raises(ValueError, "1648054765", "milliseconds")(lambda: client.log(1, 1, timestamp=1648054765))
    raises(ValueError, "milliseconds")(lambda: client.log(1, 1, timestamp=-1))
    raises(ValueError, "milliseconds")(lambda: client.log(1, 1, timestamp=10**13))
    raises(TypeError, "milliseconds")(lambda: client.log(1, 1, timestamp=1648054765458.0))
    raises(TypeError, "milliseconds")(lambda: client.log(1, 1, timestamp=True))
    assert client.pending == 0


class RING:
    """Never opened."""

    medium = None


def test_wrong_settings_are_refused_before_the_ring_is_opened():
    for kind, options, word in (
        (ValueError, {"server": "blynk.cloud"}, "https://blynk.cloud"),
        (ValueError, {"server": "https://blynk.cloud/external"}, "https://blynk.cloud"),
        (ValueError, {"server": "https://"}, "https://blynk.cloud"),
        (ValueError, {"server": "https://:443"}, "https://blynk.cloud"),
        (ValueError, {"server": "https://blynk.cloud:https"}, "https://blynk.cloud"),
        (ValueError, {"server": "http://[::1]:8080"}, "https://blynk.cloud"),
        (ValueError, {"server": "https://blynk.cloud "}, "https://blynk.cloud"),
        (TypeError, {"server": None}, "None"),
        (ValueError, {"batch_points": 0}, "batch_points"),
        (ValueError, {"batch_bytes": 100}, "batch_bytes"),
        (ValueError, {"points_per_day": 0}, "points_per_day"),
        (ValueError, {"max_age_days": -1}, "max_age_days"),
        (ValueError, {"unsynced": "guess"}, "unsynced"),
    ):
        raises(kind, word)(lambda options=options: blynk_batch.Client(TOKEN, ring=RING, **options))
    for token in ("", "a b", "a&b", "a/b"):
        raises(ValueError, "token")(lambda token=token: blynk_batch.Client(token, ring=RING))
    raises(ValueError, "capacity_bytes=100")(lambda: blynk_batch.FileRing("ring", capacity_bytes=100))
    raises(ValueError, "MicroPython would import")(lambda: blynk_batch.FileRing(sys.path[0] + "/blynk_batch"))
    blynk_batch.FileRing("elsewhere/blynk_batch").close()


def test_the_refuse_policy_raises_keeps_what_it_has_and_still_drains():
    client = client_on(ring_options={"capacity_bytes": 3 * 4096, "overwrite": False})
    logged = 0
    try:
        while True:
            client.log(1, logged, timestamp=NOW_MS + logged * 1000)
            logged += 1
    except blynk_batch.RingFull as e:
        assert str(logged) in str(e) and "upload" in str(e)
    assert client.pending == logged > 500
    assert [value for _, _, value in client.points()] == list(range(logged))
    result = client.upload()
    assert (result.error, result.uploaded, client.pending) == (None, logged, 0)
    client.log(1, 1)
    assert client.pending == 1


def test_the_overwrite_policy_drops_the_oldest_and_counts_them():
    client = client_on(ring_options={"capacity_bytes": 3 * 4096})
    for number in range(3000):
        client.log(1, number, timestamp=NOW_MS + number * 1000)
    left = [value for _, _, value in client.points()]
    assert left == list(range(3000 - len(left), 3000)) and len(left) > 500
    stats = client.stats()
    assert stats["dropped"] == 3000 - len(left) and stats["pending"] == len(left) and stats["logged"] == 3000


def test_commit_every_holds_readings_back_until_they_are_flushed():
    client_on().close()
    client = client_on(ring_options={"commit_every": 10})
    for number in range(9):
        client.log(1, number)
    assert client.pending == 9
    blynk_batch.client._open_rings.clear()
    assert client_on().pending == 0  # not durable as yet
    blynk_batch.client._open_rings.clear()
    client.flush()
    blynk_batch.client._open_rings.clear()
    assert client_on().pending == 9


def test_clear_drops_everything_and_counts_it():
    client = client_on()
    client.log_group({1: 1, 2: 2})
    client.clear()
    assert client.pending == 0 and list(client.points()) == []
    assert client.stats()["dropped"] == 2
    client.close()
    assert client_on().pending == 0


def test_one_client_at_a_time_has_a_ring_and_close_lets_go_of_it():
    client = client_on()
    raises(blynk_batch.Error, "ring", "close()")(lambda: client_on())
    client.close()
    client.close()
    raises(blynk_batch.Error, "closed")(lambda: client.log(1, 1))
    with client_on() as second:
        second.log(1, 1)
    client_on().close()


def test_neither_repr_nor_stats_nor_errors_hold_the_token():
    server = FakeServer(OSError(113, "no route to /external/api/batch/update?token=" + TOKEN))
    client = client_on(server=server)
    client.log(1, 1)
    result = client.upload()
    assert isinstance(result.error, blynk_batch.NetworkError)
    for text in (repr(client), repr(result), str(result.error), repr(client.stats())):
        assert TOKEN not in text, text
    assert "1 pending" in repr(client) and "pending=1" in repr(result)


def test_logging_loads_nothing_of_the_upload():
    with client_on() as client:
        client.log(1, 1)
        client.log_group({1: 1.5, 2: "x"})
        assert client.pending == 3
    found = {name.partition(".")[2] for name in sys.modules if name.startswith("blynk_batch.")}
    logging = "client clock clock.boots clock.wall errors guard media media.littlefs point rings"
    logging += " ring ring.log ring.pages ring.reader ring.record ring.sector ring.state"
    logging += " arguments opening media.names"  # on a large heap
    logging += " ring.decode ring.parsing ring.recover"
    assert found <= set(logging.split()), found
    assert "json" not in sys.modules and "requests" not in sys.modules


class Patient(FakeServer):
    watchdog = False

    def post(self, url, headers, body, timeout_s):
        self.timeout_s = timeout_s
        return super().post(url, headers, body, timeout_s)


def test_one_request_waits_as_long_as_the_call_has_and_its_watchdog_allows():
    server = Patient()
    client = client_on(server=server)
    for options, expected in (
        ({}, 20),
        ({"timeout_s": 60}, 20),
        ({"timeout_s": 5}, 5),
        ({"timeout_s": 0.5}, 1),
        ({"watchdog": gc.collect}, 7),
        ({"watchdog": gc.collect, "timeout_s": 3}, 3),
    ):
        client.log(1, 1)
        assert client.upload(**options).uploaded == 1 and server.timeout_s == expected, options
    server.watchdog = True  # it calls it itself
    client.log(1, 1)
    assert client.upload(watchdog=gc.collect).uploaded == 1 and server.timeout_s == 20


def test_an_upload_of_nothing_asks_nothing_and_writes_nothing():
    server = FakeServer()
    client = client_on(server=server)
    used = client.stats()["used_bytes"]
    for _ in range(3):
        result = client.upload()
        assert (result.uploaded, result.requests, result.error, result.waiting) == (0, 0, None, None)
    assert server.requests == [] and client.stats()["used_bytes"] == used


def test_due_wants_something_to_send_and_the_interval_to_have_passed_also_after_a_restart():
    clock = FakeClock()
    client = client_on(clock=clock)
    assert not client.due(900)
    client.log(1, 1)
    assert client.due(900)
    client.upload()
    client.log(1, 2)
    assert not client.due(900)
    clock.wait(600 * 1000)
    client.close()
    client = client_on(clock=FakeClock(clock.now_ms))
    assert not client.due(900)
    client.close()
    client = client_on(clock=FakeClock(clock.now_ms + 301 * 1000))
    assert client.due(900)


def test_the_readings_of_the_documentation_go_out_as_it_prints_them():
    server = FakeServer()
    client = client_on(server=server)
    for ms, value in ((1648054765458, 1.0), (1648054825459, 2.0), (1648054885460, 3.0)):
        client.log("v1", value, timestamp=ms)
    client.upload()
    url, body = server.requests[0]
    assert url == "https://blynk.cloud/external/api/batch/update?token=" + TOKEN + "&pin=v1"
    assert body == b"[[1648054765458,1.0],[1648054825459,2.0],[1648054885460,3.0]]"


def test_the_last_success_is_told_in_unix_seconds():
    client = client_on()
    client.log(1, 1)
    assert client.stats()["last_success"] is None
    client.upload()
    assert client.stats()["last_success"] == NOW_MS // 1000


def test_the_ring_makes_its_folder():
    client_on(path="deep/er/ring").log(1, 1)
    assert os.stat("deep/er/ring")[0] & 0x4000


def test_a_ring_opened_with_fewer_tails_than_before_keeps_what_is_in_the_others():
    for count in range(1, 40):
        path = "tails%d" % count
        client = client_on(path=path, ring_options={"tails": 16})
        for number in range(count * 9):
            client.log(1, number)
        blynk_batch.client._open_rings.clear()
        client = client_on(path=path, ring_options={"tails": 3})
        assert [value for _, _, value in client.points()] == list(range(count * 9))
        client.log(1, -1)
        blynk_batch.client._open_rings.clear()
        assert client_on(path=path).pending == count * 9 + 1


def test_a_reading_that_waits_and_what_close_notes_go_out_in_one_write():
    client = client_on(clock=FakeClock(None), ring_options={"commit_every": 2})
    medium, writes = client.ring.medium, []
    append = medium.append
    medium.append = lambda *args: writes.append(args) or append(*args)
    client.log(1, 1)
    assert writes == []
    client.close(sleep_ms=60000)
    assert len(writes) == 1
    clock = FakeClock(None)
    client = client_on(clock=clock)
    clock.now_ms = NOW_MS
    assert list(client.points()) == [(1, NOW_MS - 1, 1)] and client.pending == 1
    client.log(1, 2)
    assert list(client.points()) == [(1, NOW_MS - 60000, 1), (1, NOW_MS, 2)]
