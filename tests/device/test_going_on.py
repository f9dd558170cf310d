"""What fails once, or should not have been done at all, ends nothing else: programs, clocks, threads, firmware."""

import sys

import blynk_batch
from flash import NorFlash
from stand_ins import FakeClock, FakeServer
from small_clients import client_on, raised, run_for

WASM = False  # it has no threads, and no asyncio.run


def test_an_ok_to_a_batch_that_was_not_sent_to_its_end_is_no_acceptance_and_drops_nothing():
    class Hasty:
        def post(self, url, headers, body, timeout_s):
            for _ in body:
                break
            return 200, {}, b"OK"

    client = client_on(transport=Hasty())
    for value in range(300):
        client.log(1, value)
    assert client.upload().uploaded == 0 and client.pending == 300
    stats = client.stats()
    assert (stats["dropped"], stats["retried"]) == (0, 1), stats


def test_a_string_that_is_no_utf8_is_refused_and_the_rest_of_its_group_too():
    client = client_on()
    for data in (
        b"21\xb0C",  # "%c" % 176
        b"23.5\xc2",  # "%.5s" % "23.5°C"
        b"\xed\xa0\xbd\xed\xb8\x80",  # a pair of surrogates, from json.loads
        b"\xc0\xb0",  # overlong
        b"\xe0\x9f\xbf",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",  # past U+10FFFF
        b"\xf5\x80\x80\x80",
        b"\xc3(",
        b"\xe2\x82",
        b"\xe2\x82\xac\x80",
        b"\xff",
        b"x" * 300 + b"\xb0",
    ):
        text = eval(b"'" + data + b"'")
        raised(ValueError, lambda text=text: client.log("V2", text), "V2", "UTF-8")
        raised(ValueError, lambda text=text: client.log_group({1: 1, 2: text}), "V2", "UTF-8")
    assert client.pending == 0
    good = ["", "plain", "21°C", "€", "\u07ff\u0800\ud7ff\ue000\uffff", "\U00010000\U0010ffff", "°" * 512]
    for text in good:
        client.log(1, text)
    assert [value for _, _, value in client.points()] == good
    assert (client.upload().error, client.pending) == (None, 0)


def test_a_client_that_could_not_be_made_leaves_the_ring_free():
    class Failing(FakeClock):
        def powered_on(self):
            raise OSError(19)

    raised(OSError, lambda: client_on(clock=Failing()))
    raised(ValueError, lambda: client_on(batch_points=0))
    client = client_on()
    client.log(1, 1)
    raised(blynk_batch.Error, client_on, "another client", "ring")
    assert client.pending == 1


def test_another_path_of_the_same_folder_is_the_same_ring():
    client_on(blynk_batch.FileRing("a/ring"))
    for path in ("a//ring", "./a/ring", "a/./ring/", "a/b/../ring"):
        raised(blynk_batch.Error, lambda path=path: client_on(blynk_batch.FileRing(path)), "another client")


def test_parts_of_one_device_that_overlap_are_one_ring():
    flash = NorFlash(16)
    first = client_on(blynk_batch.BlockRing(flash, start=4, blocks=6))
    for start, blocks in ((4, 6), (4, 3), (6, 3), (0, 5), (9, 4), (0, 16)):
        other = blynk_batch.BlockRing(flash, start=start, blocks=blocks, format=True)
        raised(blynk_batch.Error, lambda other=other: client_on(other), "another client")
    first.close()
    flash = NorFlash(16)
    client_on(blynk_batch.BlockRing(flash, start=4, blocks=6))
    for start, blocks in ((0, 4), (10, 6)):
        client_on(blynk_batch.BlockRing(flash, start=start, blocks=blocks))


def without_sockets(name, *_):
    raise ImportError("no module named '%s'" % name)


def test_a_firmware_without_sockets_says_so_in_the_result_and_due_does_not_even_look():
    clock = FakeClock()
    client = client_on(transport=None, clock=clock)
    client.log(1, 1)
    assert client.due(900) is True
    assert "blynk_batch.upload.uploader" not in sys.modules, "due() loads the pace alone"
    from blynk_batch.http import requests

    requests.__import__ = without_sockets
    result = client.upload()
    assert type(result.error) is blynk_batch.NetworkError and "socket" in str(result.error), result
    assert (result.pending, client.pending) == (1, 1) and "socket" in client.last_error
    assert client.due(1) is False, "not at each look"
    clock.wait(result.retry_after_s * 1000)
    assert client.due(1) is True
    del requests.__import__


def test_debug_tells_that_no_reply_came():
    told = []
    client = client_on(transport=FakeServer(OSError(113)), debug=told.append)
    client.log(1, 1)
    run_for(client, lambda: True, 3)
    assert len(told) == 1 and told[0].startswith("V1: no reply from blynk.cloud: OSError "), told


def test_an_upload_ends_when_its_client_is_closed_and_the_ring_may_be_anothers():
    class Closes(FakeServer):
        def post(self, *args):
            reply = super().post(*args)
            client.close()
            return reply

    server = Closes()
    client = client_on(transport=server)
    client.log_group({1: 1, 2: 2})
    raised(blynk_batch.Error, client.upload, "closed")
    assert len(server.requests) == 1 and client_on().pending == 2  # that one's reply found nobody to note it


def test_what_is_released_in_an_upload_is_tried_by_the_next_client_though_this_one_is_closed_meanwhile():
    class Closes(FakeServer):
        def post(self, *args):
            reply = super().post(*args)
            if self.requests[1:]:
                client.release(2)
                client.close()
                self.end = client.ring.end()
            return reply

    server = Closes((400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'))
    client = client_on(transport=server)
    client.log(2, 1)
    client.upload()
    client.log(1, 1)
    raised(blynk_batch.Error, client.upload, "closed")
    assert client.ring.end() == server.end, "what lies behind may be another client's by now"
    last = client_on()
    last.upload()
    assert [pin for pin, _, _ in last.transport.points] == [1, 2]


def test_a_debug_that_raises_costs_nothing():
    def debug(text):
        raise ValueError(text)

    client = client_on(debug=debug)
    client.log(1, 1)
    result = client.upload()
    assert (result.error, result.uploaded) == (None, 1)


def test_a_transport_that_gives_what_is_no_reply_is_a_network_error():
    clock = FakeClock()
    for reply in (None, 200, (200, {}), (200, None, b"OK"), (200, {}, "OK"), ("OK", {}, b"OK")):
        server = FakeServer()
        server.post = lambda *_, reply=reply: reply
        clock.wait(90000000)
        client = client_on(transport=server, clock=clock)
        client.log(1, 1)
        result = client.upload()
        assert type(result.error) is blynk_batch.NetworkError and client.pending, (reply, result)
        client.close()


def test_a_name_that_is_not_found_is_told_in_words_beside_the_firmwares_number():
    clock = FakeClock()
    client = client_on(clock=clock, transport=FakeServer(*[OSError(number) for number in (-2, -3, -202, -200, 2)]))
    client.log(1, 1)
    told = []
    for _ in range(5):
        clock.wait(90000000)
        told.append(str(client.upload().error))
    assert ["its name was not found" in text for text in told] == [True, True, True, True, False], told
    assert "OSError" in told[0] and "-2" in told[0], told


class Speechless(Exception):
    def __str__(self):
        raise ValueError("no words")


def test_a_transports_exception_that_cannot_say_what_it_is_is_a_network_error():
    client = client_on(transport=FakeServer(Speechless()))
    client.log(1, 1)
    result = client.upload()
    assert type(result.error) is blynk_batch.NetworkError and "Speechless" in str(result.error), result
    assert client.pending == 1


class ModemError(blynk_batch.NetworkError):
    """One of a transport's own, with more than a text."""

    def __init__(self, number, url):
        super().__init__(number, url)

    def __str__(self):
        return "modem: +CME ERROR %d" % self.args[0]


class SpeechlessError(blynk_batch.UploadError):
    __str__ = Speechless.__str__


def test_a_transports_own_upload_error_is_kept_unless_it_shows_the_token_or_nothing():
    clock = FakeClock()
    for kept, error in (
        (True, ModemError(30, "/external/api")),
        (False, ModemError(30, "?token=token-of-32-characters-123456789")),
        (False, blynk_batch.ServerError("to", "?token=token-of-32-characters-123456789")),
        (False, SpeechlessError("x")),
    ):
        clock.wait(90000000)
        client = client_on(transport=FakeServer(error), clock=clock)
        client.log(1, 1)
        result = client.upload()
        assert (result.error is error) == kept, result
        assert kept or type(result.error) is blynk_batch.NetworkError, result
        assert "of-32-" not in repr(result) + str(result.error) + client.last_error, result
        client.close()


class ClosesBadly(FakeServer):
    def close(self):
        raise OSError(9)


def test_a_transport_whose_close_raises_costs_the_upload_nothing():
    client = client_on(transport=ClosesBadly())
    client.log(1, 21.5)
    result = client.upload()
    assert (result.uploaded, result.pending, result.error) == (1, 0, None), result


def test_a_transport_that_gives_another_length_than_the_reply_said_has_no_whole_one():
    clock = FakeClock()
    for length, text, counts in (
        ("2", b"OK", True), ("02", b"OK", True), ("3", b"OK\n", True), ("0", b"", True), (2, b"OK", True),
        ("3", b"OK", False), ("40", b"OK", False), ("1", b"OK", False), ("2", b"", False), ("2, 2", b"OK", False),
        ("", b"OK", True), ("-2", b"OK", False),
    ):  # fmt: skip
        clock.wait(90000000)
        client = client_on(transport=FakeServer((200, {"content-length": length}, text)), clock=clock)
        client.log(1, 1)
        assert (client.upload().uploaded > 0) == counts, (length, text)
        client.clear()
        client.close()


def test_a_reply_in_a_bytearray_is_as_good_as_one_in_bytes():
    client = client_on(transport=FakeServer((200, {"content-length": 2}, bytearray(b"OK"))))
    client.log(1, 1)
    assert client.upload().uploaded == 1


def test_a_second_thread_is_refused_with_words_that_say_why():
    import _thread
    import time

    client = client_on()
    client.log(1, 1)
    words = []

    def other():
        for call in (lambda: client.log(1, 2), client.flush, client.upload, client.close):
            try:
                call()
            except blynk_batch.Busy as e:
                words.append(str(e))
        words.append("end")

    client.guard.enter()  # as within any call
    _thread.start_new_thread(other, ())
    while "end" not in words:
        time.sleep_ms(1)
    client.guard.leave()
    assert len(words) == 5 and all(["another thread" in word for word in words[:4]]), words
    assert client.pending == 1 and client.upload().uploaded == 1


def test_a_transports_headers_count_in_capitals_too():
    client = client_on(transport=FakeServer((200, {"Content-Length": "5"}, b"OK"), (429, {"Retry-After": 77}, b"")))
    client.log(1, 1)
    assert client.upload().uploaded == 0, "the reply was cut"
    client.clock.wait(3600000)
    assert client.upload().retry_after_s == 77


def test_the_servers_words_can_be_logged_in_whatever_coding_they_come():
    for word in (b"\\ud83d\\ude00", b"unzul\xe4ssig", "unzul\u00e4ssig".encode(), b"\\u0000"):
        server = FakeServer((400, {}, b'{"error":{"message":"No: ' + word + b'"}}'))
        client = client_on(transport=server)
        client.log(1, 1)
        client.upload()
        assert "answered 400: " in client.stats()["last_error"]
        client.log(2, client.stats()["last_error"])  # as examples/health does
        client.close()
