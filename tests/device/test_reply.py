"""How http/reply.py reads a reply: what it keeps, up to which limits, and whether the connection goes on behind it; and
which words of a refusal are its reason.

tests/host/test_replies.py says which replies are proof, over sockets.
"""

from blynk_batch.http import reply
from blynk_batch.refusals import judge

OK = b"HTTP/1.1 200 OK\r\n"
TWO = OK + b"Content-Length: 2\r\n"


def line(name, size):
    """A header of that many bytes."""
    start = name + b": "
    return start + b"x" * (size - len(start) - 2) + b"\r\n"


class Source:
    """Gives `data` in pieces of `most` bytes."""

    def __init__(self, data, most):
        self.data, self.most = data, most

    def more(self, size, line=False):
        size = min(size, self.most)
        size = line and self.data.find(b"\n", 0, size) + 1 or size
        text, self.data = self.data[:size], self.data[size:]
        return text
        yield  # a generator, which never pauses


def read(data, most=4096):
    """What `reply.read` gives, or the words of what it raises."""
    source = Source(data + b"next", most)
    steps = reply.read(source)
    try:
        next(steps)
    except StopIteration as e:
        assert source.data == b"next", source.data
        return e.value
    except (OSError, ValueError) as e:
        return str(e)


def test_it_keeps_status_body_and_the_headers_that_matter():
    head = b"HTTP/1.1 308 Go\r\nServer: x\r\nLOCATION:  http://b/\t\r\nDate: now\r\nContent-Length: 5\r\n\r\n"
    for most in (1, 3, 4096):
        status, found, text, keep = read(head + b"there", most)
        assert (status, text, keep) == (308, b"there", True)
        assert found == {"location": "http://b/", "date": "now", "content-length": "5"}
    assert read(OK + b"Connection: a\r\nConnection: b\r\nContent-Length: 0\r\n\r\n")[1]["connection"] == "a,b"


def test_a_connection_goes_on_behind_a_whole_reply_unless_the_server_says_that_it_closes():
    chunks = OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nO\r\n1\r\nK\r\n0\r\nX: y\r\n\r\n"
    assert read(chunks) == (200, {"transfer-encoding": "chunked"}, b"OK", True)
    assert read(TWO + b"\r\nOK")[3]
    assert read(b"HTTP/1.1 204 No\r\n\r\n") == (204, {}, b"", True)
    assert not read(TWO + b"Connection: Close\r\n\r\nOK")[3]
    assert not read(TWO.replace(b"/1.1", b"/1.0") + b"\r\nOK")[3]


def test_a_long_line_is_passed_over_but_for_its_start():
    for size in (511, 512, 513, 2000, 8190, 8191, 8192):
        assert read(TWO + line(b"X", size) + b"\r\nOK")[2] == b"OK", size
        kept = len(read(TWO + line(b"Location", size) + b"\r\nOK")[1]["location"])
        assert kept == size - 12 if size <= 512 else kept < 512, (size, kept)
    assert read(TWO + line(b"X", 8193) + b"\r\nOK") == "a line of the reply has no end"


def test_as_many_lines_are_a_head_and_no_more():
    assert read(TWO + b"A: b\r\n" * 98 + b"\r\nOK")[0] == 200
    assert read(TWO + b"A: b\r\n" * 99 + b"\r\nOK") == "the reply has more than 100 headers"


def test_a_kilobyte_of_the_body_is_kept():
    source = Source(OK + b"Content-Length: 3000\r\n\r\n" + bytes(3000), 700)
    try:
        next(reply.read(source))
    except StopIteration as e:
        assert (e.value[2], e.value[3]) == (bytes(1024), False)
    assert len(source.data) == 3000 - 1024  # what is not read ends with the connection
    assert read(OK + b"Content-Length: 1024\r\n\r\n" + bytes(1024))[2:] == (bytes(1024), True)


def below(depth, reason):
    """The words for a refusal, judged that deep in other calls."""
    if depth:
        return below(depth - 1, reason)
    return str(judge(400, b'{"error":{"message":%s}}' % reason))


def test_a_reason_that_is_no_text_is_none_however_deep_it_nests():
    nested = b"[" * 490 + b"]" * 490  # str() of that takes more stack than a Pico has, and half of what there is here
    for reason in (nested, b"null", b"7", b"{}"):
        assert below(130, reason) == "the server answered 400: a refusal without a reason"


def test_a_redirect_names_where_to_and_no_more_of_it():
    for location, where in (
        ("https://blynk.cloud/external/api/batch/update?token=secret", "https://blynk.cloud"),
        ("http://portal.example:8080/login?from=x", "http://portal.example:8080"),
        ("/login", "/login"),
        ("", "nowhere"),
    ):
        for status in (301, 302, 307, 308):
            text = str(judge(status, b"", str, location))
            assert text == "the server answered %d: redirected to %s: your server, or a login page?" % (status, where)
    hidden = str(judge(302, b"", lambda text: text.replace("secret", "..."), "http://secret.portal.example/"))
    assert "http://....portal.example:" in hidden


def test_a_page_in_place_of_blynks_reply_is_called_that():
    for status, page in ((200, b"<html>"), (511, b"<html>"), (511, b""), (400, b"\n <html>")):
        assert str(judge(status, page)).endswith("%d: a page that is not Blynk's: is there a login page?" % status)
