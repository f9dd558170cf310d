"""Networks at their worst, over real sockets: nothing is acknowledged without proof, no socket and no memory leaks,
and what a timeout can cover ends. Knows no policy beyond "kept, and tried again".
"""

import json
import socket
import threading
from contextlib import ExitStack

import pytest

from tests.host.peers import Listener, read_request

KEPT = """
client = board.boot()
log_many(50)
before = open_files()
say(outcome(client.upload(timeout_s=1)), open_files() - before)
board.clock.wait(3600000)
say(outcome(client.upload()))
"""
ACCEPTED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"
HTML = "<html><head><title>Welcome</title></head><body>" + "Please log in. " * 200 + "</body></html>"
# name of the fault, its settings, the error; the batch is stored twice where the reply alone was spoilt
FAULTS = [
    ("portal", {}, "ServerError"),
    ("portal_redirect", {}, "Redirected"),
    ("portal_redirect", {"status": 307}, "Redirected"),
    ("network_login", {}, "ServerError"),
    ("reply", {"status": 200, "body": HTML, "content_type": "text/html"}, "ServerError"),
    ("reply", {"status": 200, "body": "not OK"}, "ServerError"),
    ("reply", {"status": 204}, "ServerError"),
    ("huge_reply", {}, "ServerError"),
    ("huge_reply", {"status": 503, "bytes": 100000}, "ServerError"),
    ("garbage", {}, "NetworkError"),
    ("garbage", {"text": ""}, "NetworkError"),
    ("garbage", {"text": "HTTP/1.1 200 OK\r\n"}, "NetworkError"),
    ("garbage", {"text": "HTTP/1.1 200 OK\r\nContent-Le"}, "NetworkError"),
    ("garbage", {"text": "HTTP/1.1 200 OK\r\nContent-Length: 0"}, "NetworkError"),
    ("garbage", {"text": "HTTP/1.1 20"}, "NetworkError"),
    ("garbage", {"text": "\xff\xfe\xfd: \xfc\r\n\xfb\r\n\r\n"}, "NetworkError"),
    ("truncated_reply", {}, "NetworkError"),
    ("truncated_reply", {"body_bytes": 0}, "NetworkError"),
    ("stalled_reply", {}, "NetworkError"),
    ("never", {}, "NetworkError"),
    ("reset_before", {}, "NetworkError"),
    ("reset_within", {"after_bytes": 300}, "NetworkError"),
    ("reset_after", {}, "NetworkError"),
    ("lose_reply", {}, "NetworkError"),
]


@pytest.mark.parametrize("name,settings,error", FAULTS, ids=lambda value: value if isinstance(value, str) else None)
def test_nothing_is_acknowledged_without_proof(station, name, settings, error):
    station.fault(name, count=1, **settings)
    said = station.run(KEPT)
    assert said[0][0][0] == error and said[0][0][2:] == [0, 50]
    assert said[0][1] == 0, "a socket was left open"
    assert said[1] == [None, 0, 50, 0]
    stored = 2 if name in ("truncated_reply", "stalled_reply", "lose_reply") else 1
    assert sorted(station.values()) == sorted(list(range(50)) * stored)


@pytest.mark.parametrize("name", ["chunked_reply", "unmeasured_reply", "hang_up_after"])
def test_a_whole_reply_counts_however_it_is_framed(station, name):
    station.fault(name)
    assert station.run(KEPT)[0] == [[None, 0, 50, 0], 0]
    assert station.values() == list(range(50))


def test_a_name_that_does_not_resolve_keeps_everything(station):
    station.url = "http://%s" % ("x" * 64)  # refused by the resolver itself, so that nothing asks the network
    said = station.run(KEPT)
    assert [line[0] if isinstance(line[0], list) else line for line in said] == [["NetworkError", 0, 0, 50]] * 2


def test_a_refused_connection_keeps_everything(station):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        station.url = "http://127.0.0.1:%d" % unused.getsockname()[1]
        said = station.run(KEPT)
    assert said[0] == [["NetworkError", 0, 0, 50], 0]


@pytest.fixture
def listen():
    with ExitStack() as listeners:
        yield lambda handle: listeners.enter_context(Listener(handle)).url


def silent(connection, _):
    """Takes the connection and neither reads nor answers."""
    threading.Event().wait(60)


def dripping(what, seconds=0.05):
    """Sends `what` over and over, byte by byte, and never comes to an end."""

    def handle(connection, _):
        connection.recv(65536)
        while True:
            for byte in what:
                connection.sendall(bytes((byte,)))
                threading.Event().wait(seconds)

    return handle


@pytest.mark.parametrize(
    "handle",
    [silent, dripping(b"HTTP/1.1 200 OK\r\n"), dripping(b"HTTP/1.1 200 OK\r\n\r\n")],
    ids=["says nothing", "drips headers", "drips a body"],
)
def test_a_server_that_never_comes_to_an_end_is_left_after_the_time_that_was_given(station, listen, handle):
    station.url = listen(handle)
    said = station.run(
        """
        client = board.boot(clock=blynk_batch.client.BOARD)
        client.log(1, 1, timestamp=1795000000000)
        before = open_files()
        result = client.upload(timeout_s=2)
        say(type(result.error).__name__, result.pending, open_files() - before)
        """
    )  # without an end to it, run() itself gives up
    assert said == [["NetworkError", 1, 0]]


def test_a_server_that_reads_nothing_is_left_when_its_buffers_are_full(station, listen):
    station.url = listen(silent)
    said = station.run(
        """
        client = board.boot(capacity=1 << 20)
        for number in range(1200):
            client.log(1, "x" * 460)  # a frame for each page
        before = open_files()
        result = client.upload(timeout_s=1)
        say(outcome(result), result.waiting, open_files() <= before)
        """
    )
    assert said == [[["NetworkError", 0, 0, 1200], None, True]]


def announced(connection):
    """The length of the body behind the head that is read; of the body only little is taken before it is asked for."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    return int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])


LARGE_BATCHES = """
        from blynk_batch.http import pieces

        pieces.at_once = lambda made, _: made.setsockopt(1, 7, 4096)  # a board's buffer for what it sends is small
        client = board.boot(capacity=1 << 20, transport=getattr(blynk_batch, arguments["transport"])())
        for number in range(400):
            client.log(number % arguments["pins"], "%d" % number + "x" * 400)
"""


@pytest.mark.parametrize("transport", ["Requests", "HTTPS"])
@pytest.mark.parametrize("hangs_up", ["after the headers", "in the midst", "after the body"])
def test_a_proxy_that_refuses_large_batches_and_hangs_up_gets_smaller_ones(station, listen, transport, hangs_up):
    taken = []

    def handle(connection, _):
        size = announced(connection)
        least = {"after the headers": 0, "in the midst": 20_000}.get(hangs_up, size) if size > 50_000 else size
        body = b""
        while len(body) < least:
            body += connection.recv(65536)
        if size <= 50_000:
            taken.extend(json.loads(body))
            connection.sendall(ACCEPTED)
        else:
            threading.Event().wait(0.2 if least else 0)  # till the board waits for room to send
            connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nBig.")
        connection.close()  # what it has not read makes of that a reset

    station.url = listen(handle)
    said = station.run(
        LARGE_BATCHES
        + """
        client.upload()
        board.drain()
        say(client.pending, client.stats()["smaller"] > 1)
        """,
        transport=transport,
        pins=1,
    )
    assert said == [[0, True]]
    assert [int(value.rstrip("x")) for _, value in taken] == list(range(400))


@pytest.mark.parametrize("transport", ["Requests", "HTTPS"])
@pytest.mark.parametrize("pins", [1, 2])
def test_a_network_that_breaks_under_large_batches_gets_smaller_ones(station, listen, transport, pins):
    taken = []

    def handle(connection, _):
        size = announced(connection)
        body = b""
        while len(body) < min(size, 30_000):
            body += connection.recv(65536)
        if size <= 30_000:
            taken.extend(json.loads(body))
            connection.sendall(ACCEPTED)

    station.url = listen(handle)
    said = station.run(
        LARGE_BATCHES
        + """
        for hour in range(48):
            client.upload()
            board.clock.wait(3600000)
            if not client.pending:
                break
        say(client.pending, hour, client.stats()["requests"])
        """,
        transport=transport,
        pins=pins,
    )
    assert said[0][0] == 0
    assert said[0][2] < 60 and sorted(int(value.rstrip("x")) for _, value in taken) == list(range(400)), said


@pytest.mark.parametrize("medium", ["littlefs", "raw"])
def test_a_server_that_never_answers_large_batches_gets_smaller_ones_in_the_end(station, listen, medium):
    batches = []

    def handle(connection, _):
        batches.append(json.loads(read_request(connection.makefile("rb"))[1]))
        if len(batches[-1]) <= 100:
            connection.sendall(ACCEPTED)

    station.url = listen(handle)
    said = station.run(
        """
        client = board.boot()
        log_many(400)
        for hour in range(48):
            client.upload()
            board.clock.wait(7200000)
            if hour % 5 == 4:
                client = board.boot()
            if not client.pending:
                break
        say(client.pending)
        """,
        medium,
    )
    assert said == [0]
    sizes = [len(batch) for batch in batches]
    assert sizes[:11] == [400] * 9 + [1, 399], "a lost reply repeats the batch"
    assert len(sizes) < 30, sizes
    assert sorted(value for batch in batches if len(batch) <= 100 for _, value in batch) == list(range(400))


def test_a_thousand_failures_leave_no_socket_open_and_no_memory_behind(station):
    quick = [fault for fault in FAULTS if fault[0] not in ("never", "stalled_reply", "huge_reply")]
    for name, settings, _ in quick:
        station.fault(name, count=40, **settings)
    said = station.run(
        """
        import gc

        client = board.boot(batch_points=100)
        log_many(50)
        kinds = {}

        def fail(times):
            for _ in range(times):
                board.clock.wait(90000000)
                result = client.upload()
                assert result.error and result.uploaded == 0 and result.pending == 50, result
                kinds[type(result.error).__name__] = 1

        def held():
            gc.collect()
            return open_files(), gc.mem_alloc()

        fail(400)  # so that all that failures need is loaded
        files, heap = held()
        fail(arguments["times"] - 400)
        for client.uploader().home in ("http://%s" % ("x" * 64), "http://127.0.0.1:1"):
            fail(100)
        more_files, more_heap = held()
        say(more_files - files, max(0, more_heap - heap) // 1000, sorted(kinds))
        say(client.stats()["retried"])
        """,
        times=len(quick) * 40,
    )
    assert said == [[0, 0, ["NetworkError", "Redirected", "ServerError"]], len(quick) * 40 + 200]
    assert len(quick) * 40 + 200 >= 1000


@pytest.mark.parametrize("timeout_s", [0, 1, 3])
def test_the_time_that_was_given_ends_an_upload_between_two_chunks_and_the_next_goes_on(station, timeout_s):
    said = station.run(
        """
        client = board.boot(capacity=1 << 20)
        for number in range(400):
            client.log(1, "x" * 1000)
        for _ in client.points():
            pass
        before = open_files()

        def watchdog():
            board.clock.wait(50)  # so long does each chunk take

        result = client.upload(timeout_s=arguments["timeout_s"], watchdog=watchdog)
        say(outcome(result), result.waiting, open_files() - before)
        say(outcome(client.upload()))
        """,
        timeout_s=timeout_s,
    )
    assert said == [[[None, 0, 0, 400], "time", 0], [None, 0, 400, 0]]
    assert len(station.points()) == 400


def test_a_batch_that_never_fits_the_time_of_a_call_is_made_smaller_until_it_does(station):
    said = station.run(
        """
        client = board.boot(capacity=1 << 20)
        for number in range(400):
            client.log(1, "%d " % number + "x" * 1000)

        def watchdog():
            board.clock.wait(50)  # so long does each chunk take

        for calls in range(1, 30):
            result = client.upload(timeout_s=6, watchdog=watchdog)
            if not result.pending:
                break
            assert (result.error, result.waiting) == (None, "time"), result
        say(client.pending, client.stats()["uploaded"], client.stats()["smaller"])
        """
    )
    assert said == [[0, 400, 0]]
    values = [point[2] for point in station.points()]
    assert len(values) == 400 and values == sorted(values, key=lambda value: int(value.split()[0]))
