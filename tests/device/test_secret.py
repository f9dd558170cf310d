"""The token: shown nowhere, not in pieces of six characters, and sent to no server that is not allowed today."""

import blynk_batch
from blynk_batch.upload.secret import hide, server_of
from stand_ins import FakeClock, FakeServer

TOKEN = "aB3-dEfGhIjKlMnOpQrStUvWxYz_0189"
MESSAGE = b'{"error":{"message":"%s"}}'
REGION = 0xA0


def pieces():
    return [TOKEN[at : at + 6].lower() for at in range(len(TOKEN) - 5)]


def assert_hidden(text):
    found = [piece for piece in pieces() if piece in text.lower()]
    assert not found, (found, text)


def test_any_six_characters_are_hidden_in_capitals_or_not():
    for size in range(6, len(TOKEN) + 1):
        for at in range(len(TOKEN) - size + 1):
            piece = TOKEN[at : at + size]
            for shown in (piece, piece.lower(), piece.upper(), piece + piece, "é" + piece):
                assert_hidden(hide("x " + shown + " y", TOKEN))
                assert hide("x " + shown + " y", TOKEN).startswith("x ") and hide(shown + " y", TOKEN).endswith(" y")
    assert hide("aB3-d stays", TOKEN) == "aB3-d stays"
    assert hide("k for a short one: key", "key") == "k for a short one: ..."
    assert hide("", TOKEN) == ""


def test_it_is_hidden_also_where_a_server_gives_it_as_it_escapes_urls():
    token = "aB3-d_fGh-jKl-nOp_r"
    for dash, line in (("%2D", "%5F"), ("%2d", "%5f"), ("-", "_")):
        shown = token.replace("-", dash).replace("_", line)
        assert hide("/update?token=%s&pin=v1" % shown, token) == "/update?token=...&pin=v1"
    for escape in ("%%%02x", "%%%02X", "%%25%02x", "%%25%02X"):
        for shown in (token, token.upper(), token.lower()):
            shown = "".join([escape % ord(char) for char in shown])
            assert hide("/update?token=%s&pin=v1" % shown, token) == "/update?token=...&pin=v1"
    assert hide("100 % of %s", token) == "100 % of %s"


class Unlucky(FakeServer):
    """Raises or answers with texts that hold the URL, cut at each place."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def post(self, url, headers, body, timeout_s):
        return self.make(url)


def of_the_message(cut):
    return lambda url: (400, {}, MESSAGE % (b" " * (200 - cut) + url.encode() + b" and more"))


def of_an_exception(cut):
    def make(url):
        raise ValueError(url[:cut])

    return make


def of_its_own(cut):
    def make(url):
        raise blynk_batch.NetworkError(url[:cut])

    return make


def of_a_redirect(cut):
    return lambda url: (302, {"location": url[60 - cut :]}, b"")


def of_no_memory(cut):
    def make(url):
        raise MemoryError(url[:cut])

    return make


def test_it_is_in_no_text_wherever_that_was_cut():
    told = []
    clock = FakeClock()
    ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    transport = Unlucky(None)
    client = blynk_batch.Client(TOKEN, ring=ring, transport=transport, clock=clock, debug=told.append)
    for kind in (of_the_message, of_an_exception, of_its_own, of_a_redirect, of_no_memory):
        for cut in range(30, 110, 3):
            clock.wait(90000000)
            client.log(1, 1)
            transport.make = kind(cut)
            result = client.upload()
            assert result.error, result
            for text in (str(result.error), repr(result.error), repr(result), repr(client), client.last_error):
                assert_hidden(text)
            assert_hidden(str(client.stats()))
    for text in told:
        assert_hidden(text)
    assert told


def test_a_learned_server_is_asked_only_while_todays_regions_and_scheme_allow_it():
    allowed = {
        b"https://ny3.blynk.cloud": "https://ny3.blynk.cloud",
        b"http://ny3.blynk.cloud": None,  # once learned without TLS
        b"https://ny3.example.com": None,
        b"https://evilblynk.cloud": None,
        b"https://home.example.org": "https://home.example.org",
        b"https://x.home.example.org:8443": "https://x.home.example.org:8443",
        b"https://ny3.blynk.cloud@example.com": None,
        b"ftp://ny3.blynk.cloud": None,
        b"\xff\xfe": None,
        b"": None,
    }
    home = "https://home.example.org"
    for number, region in enumerate(allowed):
        server = FakeServer()
        ring = blynk_batch.FileRing("ring%d" % number, capacity_bytes=12288)
        client = blynk_batch.Client("token", ring=ring, server=home, transport=server, clock=FakeClock())
        client.uploader()
        client.ring.save_value(REGION, region)
        client.log(1, 1)
        client.upload()
        assert server.requests[0][0].startswith((allowed[region] or home) + "/external/"), server.requests
        client.close()


def test_a_program_that_no_longer_names_a_region_takes_it_back():
    for regions, asked in ((("example.com",), "https://ny3.example.com"), ((), "https://home.example.org")):
        server = FakeServer()
        ring = blynk_batch.FileRing("ring", capacity_bytes=12288)
        options = {"server": "https://home.example.org", "transport": server, "clock": FakeClock()}
        with blynk_batch.Client("token", ring=ring, regions=regions, **options) as client:
            client.uploader()
            if regions:
                client.ring.save_value(REGION, b"https://ny3.example.com")
            client.log(1, 1)
            client.upload()
        assert server.requests[0][0].startswith(asked), server.requests


def test_a_server_of_a_redirect_is_at_most_as_long_as_the_state_has_room_for():
    for length, allowed in ((80, True), (81, False)):
        server = "https://" + "a" * (length - 20) + ".blynk.cloud"
        found = server_of(server + "/external/api", "https://blynk.cloud", ())
        assert found == (server if allowed else None), found


def test_a_server_of_a_redirect_has_a_port_that_can_be_one():
    for port, taken in ((":1", True), (":65535", True), ("", True), (":", False), (":0", False), (":65536", False)):
        found = server_of("https://a.b%s/external/api" % port, "https://a.b", ())
        assert (found == "https://a.b" + port) == taken, port
    for port in (":http", ":1:2", ":-1"):
        assert server_of("https://a.b%s/external/api" % port, "https://a.b", ()) is None, port


def test_a_server_of_a_redirect_has_a_name_in_each_of_its_parts():
    for host in (".blynk.cloud", "a..blynk.cloud", "..", "", "."):
        assert server_of("https://%s/external/api" % host, "https://blynk.cloud", ("",)) is None, host


def test_a_region_in_capitals_is_the_same_region():
    for host in ("ny3.example.com", "NY3.Example.COM"):
        assert server_of("https://%s/x" % host, "https://a.b", ("Example.Com",)) == "https://ny3.example.com", host
