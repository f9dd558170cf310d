"""HTTPS below its surface: where it connects to, host and port of the URL or its scheme's; whom it feeds meanwhile."""

from blynk_batch import HTTPS
from blynk_batch.http import https, reply, tls

WASM = False  # it has no sockets

tried = []


class Refused(https.Connection):
    def connect(self, host, port, context):
        tried.append((host, port))
        raise OSError(111)
        yield


def test_a_url_without_a_port_means_that_of_its_scheme():
    https.Connection, tls.context = Refused, lambda ca: "trusts whom it likes"
    transport = HTTPS()
    for url in ("http://a.b/c", "https://a.b/c", "http://a.b:8080/c", "https://a.b:8443/c"):
        try:
            transport.post(url, {}, (b"[]",), 1)
        except OSError as e:
            assert e.args == (111,), e
    assert tried == [("a.b", 80), ("a.b", 443), ("a.b", 8080), ("a.b", 8443)]


class Talkative:
    """A socket that always has more to read, at once."""

    text = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 90 + b"Content-Length: 2\r\n\r\nOK"

    def read(self, size):
        given, self.text = self.text[:size], self.text[size:]
        return given or None

    def readline(self, size):
        return self.read(min(size, self.text.find(b"\n") + 1))


def test_the_watchdog_is_fed_though_there_is_always_more_to_read():
    fed = []
    one = https.Connection(("http:", "a.b"))
    one.begin(1, None)
    one.stream = Talkative()
    one.wait(lambda: fed.append(1))
    try:
        next(reply.read(one))
    except StopIteration as e:
        assert e.value[0] == 200 and e.value[2] == b"OK"
    assert len(fed) > 90, len(fed)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


class Repeating(Talkative):
    """A server, and the socket to it, that says its OK to every whole body; the first once more in the midst of the
    next."""

    def __init__(self, number):
        self.number = number
        self.bodies = []
        self.came = self.text = b""

    def write(self, data):
        self.came += bytes(data)
        body = self.came.partition(b"\r\n\r\n")[2]
        if body.endswith(b"]"):
            self.bodies.append(body)
            self.came = b""
            self.text += OK
        elif body and self.bodies and self.number == 0:
            self.text = OK
        return len(data)

    def close(self):
        pass


def test_a_reply_that_comes_once_more_while_the_next_batch_is_sent_does_not_count_for_that():
    made = []

    class Connected(https.Connection):
        def connect(self, host, port, context):
            self.raw = self.stream = Repeating(len(made))
            made.append(self.stream)
            return
            yield

    https.Connection = Connected
    transport = HTTPS()
    for body in ((b"[1]",), (b"[" + b" " * 1400, b"2", b"]"), (b"[3]",)):
        status, _, text = transport.post("http://a.b/c", {}, body, 1)
        assert (status, text) == (200, b"OK")
    assert [server.bodies[-1].strip(b"[ ]") for server in made] == [b"1", b"3"]
    assert len(made[1].bodies) == 2


class Dead(Repeating):
    """It cannot be closed without a fault, as where the network is gone."""

    def __init__(self, closed):
        super().__init__(1)
        self.closed = closed

    def write(self, data):
        count = super().write(data)
        self.text = self.text.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")
        return count

    def close(self):
        self.closed.append(self)
        raise OSError(128)


def test_a_socket_whose_close_raises_changes_no_reply_and_keeps_no_other_open():
    closed = []

    class Connected(https.Connection):
        def connect(self, host, port, context):
            self.stream, self.raw = Dead(closed), Dead(closed)
            return
            yield

    https.Connection = Connected
    status, _, text = HTTPS().post("http://a.b/c", {}, (b"[1]",), 1)
    assert (status, text, len(closed)) == (200, b"OK", 2)
