"""Where a redirect may send the token: another region of the same service, and nowhere else.

Every "foreign" server here is real and writes down each byte that it gets: it must get none.
"""

import pytest

from tests.host.peers import OK, Listener, read_request
from tests.host.station import MEDIA, Station
from tools.sandbox.contract import PATH
from tools.sandbox.testing import Sandbox

REGIONAL = "station-of-the-region-ny3"
ONE = """
client = board.boot()
client.log(1, 7)
result = client.upload()
say(outcome(result), result.requests)
stats = client.stats()
say([stats[name] for name in ("retried", "smaller", "redirected", "held", "rejected", "stopped")])
"""


@pytest.fixture(scope="module")
def regions():
    tokens = [REGIONAL + "%04d@ny3" % number for number in range(30)]
    with Sandbox(tokens=["home-token", *tokens], region=["ny3"], total_limit=None) as sandbox:
        sandbox.free_tokens = iter([token.partition("@")[0] for token in tokens])
        yield sandbox


@pytest.fixture
def regional(regions, tmp_path):
    """A station whose device lives in region ny3, configured with the home server."""
    return Station(tmp_path, regions, next(regions.free_tokens))


@pytest.fixture
def foreign():
    """A server that must never hear from us: its URL, and the list of what it heard."""
    heard = []

    def listen(connection, _):
        heard.append(b"")  # a connection alone would be too much
        heard[-1] = b"".join(read_request(connection.makefile("rb")))
        connection.sendall(OK)

    with Listener(listen) as listener:
        listener.heard = heard
        yield listener


def places(station):
    return [(request["region"], request["status"]) for request in station.requests()]


@pytest.mark.parametrize("medium", MEDIA)
def test_another_region_is_followed_and_remembered_over_resets(regional, medium):
    said = regional.run(ONE + "client = board.boot()\nclient.log(1, 8)\nsay(outcome(client.upload()))", medium)
    assert said == [[[None, 0, 1, 0], 2], [0, 0, 1, 0, 0, 0], [None, 0, 1, 0]]
    assert places(regional) == [("home", 308), ("ny3", 200), ("ny3", 200)]
    assert regional.values() == [7, 8]


def test_the_rest_of_a_drain_goes_straight_to_the_new_region(regional):
    script = "client = board.boot(batch_points=10)\nlog_many(50)\nsay(outcome(client.upload()))"
    assert regional.run(script) == [[None, 0, 50, 0]]
    assert places(regional) == [("home", 308)] + [("ny3", 200)] * 5
    assert regional.values() == list(range(50))


def test_a_learned_region_that_refuses_the_token_leads_back_to_the_configured_server(regional):
    regional.run(ONE)
    regional.fault("invalid_token", count=1)
    script = "client = board.boot()\nclient.log(1, 8)\nsay(outcome(client.upload()))\nsay(client.stats()['stopped'])"
    assert regional.run(script) == [[None, 0, 1, 0], 0]
    assert places(regional)[2:] == [("ny3", 400), ("home", 308), ("ny3", 200)]


def test_a_token_that_is_refused_everywhere_stops_and_asks_the_configured_server_first_an_hour_later(regional):
    regional.run(ONE)
    regional.fault("invalid_token", skip=0)
    said = regional.run(
        """
        client = board.boot()
        client.log(1, 8)
        result = client.upload()
        say(outcome(result), result.requests, result.retry_after_s)
        board.clock.wait(3600000)
        say(client.upload().requests, client.stats()["stopped"])
        """
    )
    assert said == [[["InvalidToken", 400, 0, 1], 2, 3600], [1, 2]]
    assert [place[0] for place in places(regional)[2:]] == ["ny3", "home", "home"]


def test_a_learned_region_that_is_gone_is_given_up_after_a_few_tries(regional):
    """Else a server that moved would have to wait for a person."""
    said = regional.run(
        """
        client = board.boot()
        client.uploader()
        client.ring.save_value(0xA0, b"http://127.0.0.1:1")
        client.log(1, 7)
        say([outcome(result)[0] for result in board.drain()])
        """
    )
    assert said == [["NetworkError"] * 4 + [None]]
    assert regional.values() == [7]


@pytest.mark.parametrize(
    "location",
    [
        "{foreign}{path}",
        "{foreign}{path}?token=x&pin=v1",
        "http://127.0.0.1:{port}{path}",  # another port is allowed, another path is not: see below
        "http://127.0.0.1@localhost:{port}{path}",
        "http://localhost:{port}/127.0.0.1{path}",
        "http://localhost:{port}\\.127.0.0.1{path}",
        "http://localhost:{port}#.127.0.0.1{path}",
        "//localhost:{port}{path}",
        "ftp://127.0.0.1{path}",
        "{path}",
        "",
    ],
)
def test_a_foreign_host_learns_nothing_and_the_data_stays(station, foreign, location):
    at = foreign.url.replace("127.0.0.1", "localhost")  # another name than the configured one
    place = location.format(foreign=at, path=PATH, port=at.rpartition(":")[2])
    if place.startswith("http://127.0.0.1:"):
        place = place.replace(PATH, "/login")
    station.fault("reply", status=308, header="Location: " + place, count=1)
    said = station.run(ONE)
    assert (said[0][0][0], said[0][0][2:], said[0][1], said[1]) == ("Redirected", [0, 1], 1, [1, 0, 0, 0, 0, 0])
    assert foreign.heard == []
    assert station.points() == []


@pytest.mark.parametrize("allowed", [("127.0.0.1",), ("0.0.1",), "127.0.0.1"])
def test_hosts_that_the_program_names_as_regions_are_followed_and_what_lies_below_them(station, foreign, allowed):
    station.url = station.url.replace("127.0.0.1", "localhost")
    station.fault("reply", status=308, header="Location: " + foreign.url + PATH, count=1)
    said = station.run(ONE.replace("boot()", "boot(regions=arguments['allowed'])"), allowed=allowed)
    assert said[0] == [[None, 0, 1, 0], 2]
    assert len(foreign.heard) == 1 and station.token.encode() in foreign.heard[0]


def test_a_name_that_only_ends_like_an_allowed_one_is_foreign(station, foreign):
    station.url = station.url.replace("127.0.0.1", "localhost")
    place = foreign.url.replace("127.0.0.1", "evillocalhost") + PATH
    station.fault("reply", status=308, header="Location: " + place, count=1)
    assert station.run(ONE)[0] == [["Redirected", 308, 0, 1], 1]


def test_https_never_becomes_http(station):
    """Neither from `https` that was configured nor from one that was learned. The sandbox speaks plain HTTP here."""
    said = station.run(
        """
        class Redirecting:
            def __init__(self, locations):
                self.locations, self.asked = locations, []

            def post(self, url, headers, body, timeout_s):
                self.asked.append(url.split(".")[0])
                location = self.locations.pop(0) if self.locations else "nowhere"
                return 308, {"location": location + ".blynk.cloud" + arguments["path"]}, b""

        for way in arguments["ways"]:
            transport = Redirecting(way[1:])
            board.new()
            client = board.boot(server=way[0] + ".blynk.cloud", transport=transport)
            client.log(1, 1)
            client.upload()
            say(transport.asked)
        """,
        path=PATH,
        ways=[
            ["https://a", "http://b"],
            ["https://a", "https://b"],
            ["https://a", "HTTPS://b"],
            ["http://a", "https://b", "http://c"],
        ],
    )
    assert said == [["https://a"], *[["https://a", "https://b"]] * 2, ["http://a", "https://b"]]


def test_a_redirect_to_itself_is_an_error_that_keeps_the_data(station):
    station.fault("wrong_region", count=1)
    script = ONE + "board.drain()\nsay(client.pending)"
    assert station.run(script) == [[["Redirected", 308, 0, 1], 1], [1, 0, 0, 0, 0, 0], 0]
    assert station.values() == [7]


def test_a_circle_of_redirects_ends_after_a_few_requests_and_keeps_the_data(station):
    """Two servers that each name the other."""
    heard = []

    def names(other):
        def handle(connection, _):
            heard.append(read_request(connection.makefile("rb")))
            reply = "HTTP/1.1 308 Permanent Redirect\r\nLocation: %s%s\r\nContent-Length: 0\r\n\r\n"
            connection.sendall((reply % (listeners[other].url, PATH)).encode())

        return handle

    with Listener(names(1)) as one, Listener(names(0)) as two:
        listeners = [one, two]
        sandbox_url, station.url = station.url, one.url
        said = station.run(ONE + "board.clock.wait(3600000)\nsay(client.upload().requests)")
    assert said[0] == [["Redirected", 308, 0, 1], 4] and said[1] == [1, 0, 3, 0, 0, 0]
    assert len(heard) == 4 + said[2] <= 8
    station.url = sandbox_url  # configured anew, the station starts with a clean sheet
    assert station.run("say(outcome(board.boot().upload()))") == [[None, 0, 1, 0]]


def test_a_server_name_that_the_state_has_no_room_for_is_not_followed(station):
    place = "http://" + "a" * 300 + ".blynk.cloud" + PATH
    station.fault("reply", status=308, header="Location: " + place, count=1)
    assert station.run(ONE)[0] == [["Redirected", 308, 0, 1], 1]
