"""Both transports against a table of raw replies over real sockets, each cut at every byte: what is proof, what not."""

import pytest

from tests.host.peers import Authority, Listener, Scripted, read_request, server_context
from tests.host.replies import DELIVERED, KEPT, is_proof

REPLIES = {**DELIVERED, **KEPT}
_EDGE = 150  # of the few replies that are longer, the cuts within are as good as each other

DRAIN = """
import sys
import blynk_batch
from blynk_batch.blynk import accepted

class Body:
    def __iter__(self):
        yield b"[[1648054765458,1]]"

transport = getattr(blynk_batch, sys.argv[1])()
for line in open(sys.argv[3]):
    number, cuts = line.split(":")
    said = ""
    for cut in cuts.split():
        try:
            reply = transport.post("%s/%s/%s" % (sys.argv[2], number, cut), {"Content-Length": "19"}, Body(), 5)
            said += "d" if accepted(*reply) else "k"
        except (OSError, ValueError):
            said += "k"
        if hasattr(transport, "close"):
            transport.close()
    print(said)
"""


class Cutting(Listener):
    """Answers `POST /number/cut` with the first `cut` bytes of that reply, and ends the connection."""

    def __init__(self, replies):
        self._replies = replies
        super().__init__()

    def serve(self, connection, _):
        head, _ = read_request(connection.makefile("rb"))
        _, number, cut = head.split(b" ", 2)[1].split(b"/")
        connection.sendall(self._replies[int(number)][: int(cut)])


def cuts(reply):
    return [cut for cut in range(len(reply) + 1) if cut <= _EDGE or len(reply) - cut <= _EDGE]


def test_the_table_is_long_enough():
    assert len(REPLIES) == len(DELIVERED) + len(KEPT) >= 110
    assert all(len(DELIVERED[name]) < 1000 for name in DELIVERED)


@pytest.mark.parametrize("transport", ["HTTPS", "Requests"])
def test_a_reply_is_an_acceptance_only_where_it_is_whole_and_says_so(run_on_device, tmp_path, transport):
    names = list(REPLIES)
    wanted = [cuts(REPLIES[name]) for name in names]
    table = tmp_path / "cuts"
    table.write_text("".join("%d:%s\n" % (n, " ".join(map(str, some))) for n, some in enumerate(wanted)))
    with Cutting([REPLIES[name] for name in names]) as server:
        lines = run_on_device(DRAIN, transport, server.url, table).split("\n")
    for name, some, line in zip(names, wanted, lines):
        expected = "".join("d" if is_proof(name, REPLIES[name], cut) else "k" for cut in some)
        assert line == expected, name


OVER_TLS = """
import sys
import blynk_batch
for number, url in enumerate(sys.argv[2:]):
    ring = blynk_batch.FileRing("ring%d" % number, capacity_bytes=64 * 1024)
    with blynk_batch.Client(sys.argv[1], ring=ring, server=url) as client:
        client.log(1, 1, timestamp=1648054765458)
        result = client.upload()
        print(result.uploaded, result.requests, type(result.error).__name__)
"""


def test_over_tls_it_is_read_as_strictly(run_on_device, tmp_path):
    context = server_context(Authority(tmp_path).chain())
    names = ["two lengths, the last 0", "SIP", "a Location at 200"]
    servers = [Scripted(lambda _, name=name: (REPLIES[name], "close"), context) for name in names]
    try:
        urls = ["https://localhost:%d" % server.port for server in servers]
        output = run_on_device(OVER_TLS, "test-token-of-32-characters-0001", *urls)
        assert output.splitlines() == ["0 1 NetworkError", "0 1 NetworkError", "1 1 NoneType"]
        assert [len(server.requests) for server in servers] == [1, 1, 1]
    finally:
        for server in servers:
            server.__exit__()
