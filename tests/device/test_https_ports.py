"""Where HTTPS connects to: host and port of the URL, or the scheme's port."""

from blynk_batch import HTTPS
from blynk_batch.http import connection

WASM = False  # it has no sockets

tried = []


class Refused(connection.Connection):
    def connect(self, host, port):
        tried.append((host, port))
        raise OSError(111)
        yield


class Trusting(HTTPS):
    def close(self):
        self._context = "trusts whom it likes"


def test_a_url_without_a_port_means_that_of_its_scheme():
    connection.Connection = Refused
    transport = Trusting()
    for url in ("http://a.b/c", "https://a.b/c", "http://a.b:8080/c", "https://a.b:8443/c"):
        try:
            transport.post(url, {}, (b"[]",), 1)
        except OSError as e:
            assert e.args == (111,), e
    assert tried == [("a.b", 80), ("a.b", 443), ("a.b", 8080), ("a.b", 8443)]
