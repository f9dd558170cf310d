"""Every public argument that cannot be right is refused at once, in words: its name, its value, the rule."""

import sys

import blynk_batch
from stand_ins import FakeClock, FakeServer

HEAP = "2m"


class Device:
    """A block device of nothing; no check may touch it."""

    def readblocks(self, *_):
        raise AssertionError("touched")

    writeblocks = ioctl = readblocks


class Int(int):
    """Not what MicroPython's own operators take."""


class Float(float):
    pass


class Network:
    class WLAN:
        IF_STA = 0


def made(**options):
    options = dict({"ring": blynk_batch.FileRing("ring"), "transport": FakeServer(), "clock": FakeClock()}, **options)
    return blynk_batch.Client(options.pop("token", "token"), **options)


def _run(is_online=bool, **options):
    coroutine = made().run(is_online, **options)
    try:
        coroutine.send(None)
    finally:
        coroutine.close()


def client(name, *arguments, **options):
    def call():
        with made() as opened:
            getattr(opened, name)(*arguments, **options)

    return call


def new(name, *arguments, **options):
    return lambda: getattr(blynk_batch, name)(*arguments, **options)


RULES = {
    "int": "must be an int",
    "number": "must be a number",
    "seconds": "number of seconds",
    "flag": "must be True or False",
    "function": "must be a function",
    "pin": "must be V0 to V255",
}
T, V = TypeError, ValueError
# what is called, the exception, the argument as it is named, the value as it is shown, the rule
TABLE = (
    (new("Client", 5), T, "token", "", "must be the device's auth token, a str"),
    (new("Client", None), T, "token", "", "must be the device's auth token, a str"),
    (new("Client", ""), V, "token", "", "must be the device's auth token"),
    (new("Client", "to ken"), V, "token", "", "only letters, digits"),
    (new("Client", "t", ring="readings"), T, "ring", "'readings'", "must be a FileRing or a BlockRing"),
    (new("Client", "t", ring=7), T, "ring", "7", "must be a FileRing or a BlockRing"),
    (new("Client", "t", server=5), T, "server", "5", "https://blynk.cloud"),
    (new("Client", "t", server="blynk.cloud"), V, "server", "'blynk.cloud'", "https://blynk.cloud"),
    (new("Client", "t", server="https://blynk.cloud/x"), V, "server", "/x", "https://blynk.cloud"),
    (new("Client", "t", server="https://blynk.cloud\n"), V, "server", "\\n", "https://blynk.cloud"),
    (new("Client", "t", server="https://bl\u00fcnk.cloud"), V, "server", "bl", "https://blynk.cloud"),
    (lambda: made(transport="HTTPS"), T, "transport", "'HTTPS'", "post() method"),
    (lambda: made(transport=FakeServer), T, "transport", "FakeServer", "post() method"),
    (lambda: made(clock=5), T, "clock", "5", "now() and uptime()"),
    (lambda: made(batch_points="x"), T, "batch_points", "'x'", RULES["int"]),
    (lambda: made(batch_points=True), T, "batch_points", "True", RULES["int"]),
    (lambda: made(batch_points=0), V, "batch_points", "0", "at least 1"),
    (lambda: made(batch_bytes=2e6), T, "batch_bytes", "2000000.0", RULES["int"]),
    (lambda: made(batch_bytes=100), V, "batch_bytes", "100", "at least 4096"),
    (lambda: made(batch_points=Int(5)), T, "batch_points", "5", RULES["int"]),
    (lambda: made(points_per_day="1000"), T, "points_per_day", "'1000'", RULES["int"]),
    (lambda: made(points_per_day=1e5), T, "points_per_day", "100000.0", RULES["int"]),
    (lambda: made(points_per_day=0), V, "points_per_day", "0", "at least 1"),
    (lambda: made(max_age_days=[]), T, "max_age_days", "[]", RULES["number"]),
    (lambda: made(max_age_days=-1), V, "max_age_days", "-1", "above 0"),
    (lambda: made(max_age_days=float("nan")), V, "max_age_days", "nan", "above 0"),
    (lambda: made(max_age_days=float("inf")), V, "max_age_days", "inf", "100000"),
    (lambda: made(max_age_days=Float(5.5)), T, "max_age_days", "5.5", RULES["number"]),
    (lambda: made(regions=5), T, "regions", "5", "names of hosts"),
    (lambda: made(regions=("a", 5)), T, "regions", "5", "names of hosts"),
    (lambda: made(regions=("a", "")), V, "regions", "''", "names of hosts"),
    (lambda: made(regions="https://blynk.cloud"), V, "regions", "'https://blynk.cloud'", "names of hosts"),
    (lambda: made(unsynced="guess"), V, "unsynced", "'guess'", "'estimate' or 'drop'"),
    (lambda: made(unsynced=None), V, "unsynced", "None", "'estimate' or 'drop'"),
    (lambda: made(debug=True), T, "debug", "True", RULES["function"]),
    (client("log", "X1", 1), V, "pin", "'X1'", RULES["pin"]),
    (client("log", 256, 1), V, "pin", "256", RULES["pin"]),
    (client("log", 1.5, 1), T, "pin", "1.5", "must be an int or a str"),
    (client("log", True, 1), T, "pin", "True", "must be an int or a str"),
    (client("log", Int(5), 1), T, "pin", "5", "must be an int or a str"),
    (client("log", 1, Int(5)), T, "pin V1", "Int", "no int, float, bool, str or (lon, lat)"),
    (client("log", 1, Float(5.5)), T, "pin V1", "Float", "no int, float, bool, str or (lon, lat)"),
    (client("log", 1, (Int(5), 2)), T, "pin V1", "Int", "no int, float, bool, str or (lon, lat)"),
    (client("log", 1, 1, timestamp=Int(1795000000000)), T, "timestamp", "1795000000000", "must be an int"),
    (client("log", 1, {}), T, "pin V1", "dict", "no int, float, bool, str or (lon, lat)"),
    (client("log", 1, 1 << 63), V, "pin V1", str(1 << 63), "64 bits"),
    (client("log", 1, "x" * 1025), V, "pin V1", "1025", "at most 1024"),
    (client("log", 1, (1, 2, 3)), V, "pin V1", "3 items", "(longitude, latitude)"),
    (client("log", 1, ("1", 2)), T, "pin V1", "str", "no number for a location"),
    (client("log", 1, 1, timestamp=1.5), T, "timestamp", "1.5", "Unix time in milliseconds"),
    (client("log", 1, 1, timestamp=1795000000), V, "timestamp", "1795000000", "13 digits"),
    (client("log_group", [1, 2]), T, "values", "[1, 2]", "takes a dict"),
    (client("log_group", None), T, "values", "None", "takes a dict"),
    (client("log_group", 5), T, "values", "5", "takes a dict"),
    (client("log_group", {1: 2, "V1": 3}), V, "pin V1", "", "stands twice"),
    (client("due", "15m"), T, "interval_s", "'15m'", RULES["seconds"]),
    (client("due", None), T, "interval_s", "None", RULES["seconds"]),
    (client("due", True), T, "interval_s", "True", RULES["seconds"]),
    (client("due", Int(5)), T, "interval_s", "5", RULES["seconds"]),
    (client("due", 1 << 40), V, "interval_s", str(1 << 40), "below 10**9"),
    (client("due", -1), V, "interval_s", "-1", "0 or more"),
    (client("due", float("nan")), V, "interval_s", "nan", "0 or more"),
    (client("upload", timeout_s="x"), T, "timeout_s", "'x'", RULES["seconds"]),
    (client("upload", timeout_s=-5), V, "timeout_s", "-5", "0 or more"),
    (client("upload", timeout_s=float("inf")), V, "timeout_s", "inf", "0 or more"),
    (client("upload", watchdog=True), T, "watchdog", "True", RULES["function"]),
    (client("stats", watchdog=5), T, "watchdog", "5", RULES["function"]),
    (lambda: _run(interval=None), T, "interval", "None", RULES["seconds"]),
    (lambda: _run(interval="900"), T, "interval", "'900'", RULES["seconds"]),
    (lambda: _run(poll_s="1"), T, "poll_s", "'1'", RULES["seconds"]),
    (lambda: _run(watchdog=5), T, "watchdog", "5", RULES["function"]),
    (lambda: _run(is_online=True), T, "is_online", "True", RULES["function"]),
    (lambda: _run(on_result=1), T, "on_result", "1", RULES["function"]),
    (lambda: made(batch_bytes=1 << 63), V, "batch_bytes", str(1 << 63), "below 10**9"),
    (client("release", "x"), V, "pin", "'x'", RULES["pin"]),
    (client("release", None), T, "pin", "None", "must be an int or a str"),
    (client("close", sleep_ms="1"), T, "sleep_ms", "'1'", "whole milliseconds"),
    (client("close", sleep_ms=1.5), T, "sleep_ms", "1.5", "whole milliseconds"),
    (client("close", sleep_ms=Int(5)), T, "sleep_ms", "5", "whole milliseconds"),
    (client("close", sleep_ms=1 << 8000), V, "sleep_ms", "", "below 10**13"),
    (client("close", sleep_ms=-1), V, "sleep_ms", "-1", "0 or more"),
    (new("FileRing", 5), T, "path", "5", "a folder's name"),
    (new("FileRing", None), T, "path", "None", "a folder's name"),
    (new("FileRing", ""), V, "path", "''", "a folder's name"),
    (new("FileRing", "x\0y"), V, "path", "'x\\x00y'", "a folder's name"),
    (lambda: made(server="https://blynk.cloud:99999"), V, "server", "99999", "must be like"),
    (lambda: made(server="https://.."), V, "server", "..", "must be like"),
    (lambda: made(regions=("a..b",)), V, "regions", "a..b", "names of hosts"),
    (new("FileRing", "r", capacity_bytes="64k"), T, "capacity_bytes", "'64k'", RULES["int"]),
    (new("FileRing", "r", capacity_bytes=100), V, "capacity_bytes", "100", "at least 12288"),
    (new("FileRing", "r", capacity_bytes=1 << 63), V, "capacity_bytes", str(1 << 63), "below 10**9"),
    (new("FileRing", "r", tail_bytes=1 << 40), V, "tail_bytes", str(1 << 40), "below 10**9"),
    (new("FileRing", "r", tails=1 << 31), V, "tails", str(1 << 31), "below 10**9"),
    (new("FileRing", "r", commit_every=1 << 64), V, "commit_every", str(1 << 64), "below 10**9"),
    (new("FileRing", "r", overwrite="no"), T, "overwrite", "'no'", RULES["flag"]),
    (new("FileRing", "r", commit_every=0), V, "commit_every", "0", "at least 1"),
    (new("FileRing", "r", commit_every=1.5), T, "commit_every", "1.5", RULES["int"]),
    (new("FileRing", "r", tails=True), T, "tails", "True", RULES["int"]),
    (new("FileRing", "r", tail_bytes=10), V, "tail_bytes", "10", "at least 60"),
    (new("BlockRing", None), T, "device", "None", "a block device"),
    (new("BlockRing", "/sd"), T, "device", "'/sd'", "a block device"),
    (new("BlockRing", Device), T, "device", "Device", "a block device"),
    (new("BlockRing", Device(), start="0"), T, "start", "'0'", RULES["int"]),
    (new("BlockRing", Device(), start=-1), V, "start", "-1", "at least 0"),
    (new("BlockRing", Device(), blocks=0), V, "blocks", "0", "at least 1"),
    (new("BlockRing", Device(), blocks=1.0), T, "blocks", "1.0", RULES["int"]),
    (new("BlockRing", Device(), blocks=1 << 70), V, "blocks", str(1 << 70), "below 10**9"),
    (new("BlockRing", Device(), page_size=1 << 70), V, "page_size", str(1 << 70), "below 10**9"),
    (new("BlockRing", Device(), page_size=256.0), T, "page_size", "256.0", RULES["int"]),
    (new("BlockRing", Device(), unit="16"), T, "unit", "'16'", RULES["int"]),
    (new("BlockRing", Device(), unit=1 << 40), V, "unit", str(1 << 40), "below 10**9"),
    (new("BlockRing", Device(), unit=24), V, "unit", "24", "must be a power of two"),
    (new("BlockRing", Device(), unit=0), V, "unit", "0", "at least 1"),
    (new("BlockRing", Device(), commit_every=None), T, "commit_every", "None", RULES["int"]),
    (new("BlockRing", Device(), overwrite=1), T, "overwrite", "1", RULES["flag"]),
    (new("BlockRing", Device(), commit_every="1"), T, "commit_every", "'1'", RULES["int"]),
    (new("BlockRing", Device(), whole_blocks="no"), T, "whole_blocks", "'no'", RULES["flag"]),
    (new("BlockRing", Device(), verify=None), T, "verify", "None", RULES["flag"]),
    (new("BlockRing", Device(), format="yes"), T, "format", "'yes'", RULES["flag"]),
    (new("HTTPS", ca=5), T, "ca", "5", "a certificate"),
    (new("HTTPS", ca="no such file"), V, "ca", "no such file", "path of a file"),
    (new("HTTPS", ca=b"xx"), V, "ca", "", "no certificate"),
    (new("WiFi", 5), T, "ssid_or_networks", "int", "must be a name, or [(ssid, password), ...]"),
    (new("WiFi", None, "secret123"), T, "ssid_or_networks", "NoneType", "must be a name, or [(ssid, password), ...]"),
    (new("WiFi", b"home", "secret123"), T, "ssid_or_networks", "bytes", "must be a name, or [(ssid, password), ...]"),
    (new("WiFi", []), V, "ssid_or_networks", "", "at least one"),
    (new("WiFi", ["home"]), T, "ssid_or_networks", "", "a pair (ssid, password)"),
    (new("WiFi", [("home", 5)]), T, "password", "", "must be str"),
    (new("WiFi", "home", 12345678), T, "password", "", "must be str"),
    (new("WiFi", [("home", "x")], "secret123"), T, "password", "", "belongs to one ssid"),
    (new("WiFi", ""), V, "ssid", "''", "1 to 32 bytes"),
    (new("WiFi", "x" * 33), V, "ssid", "x" * 33, "1 to 32 bytes"),
    (new("WiFi", "home", hostname=5), T, "hostname", "5", "must be a str"),
    (new("WiFi", "home", hostname=""), V, "hostname", "''", "1 to 32 bytes"),
    (new("WiFi", "home", hostname="\u00fc" * 17), V, "hostname", "", "1 to 32 bytes"),
    (new("WiFi", "home", debug="print"), T, "debug", "'print'", RULES["function"]),
    (lambda: blynk_batch.WiFi("home").wait("15"), T, "timeout_s", "'15'", RULES["seconds"]),
    (lambda: blynk_batch.WiFi("home").wait(-1), V, "timeout_s", "-1", "0 or more"),
    (lambda: blynk_batch.WiFi("home").wait(1, watchdog=1), T, "watchdog", "1", RULES["function"]),
)


def test_each_bad_argument_is_refused_at_once_by_its_name_its_value_and_the_rule():
    sys.modules["network"] = Network()
    for number, (call, kind, name, value, rule) in enumerate(TABLE):
        where = "row %d, %s %s" % (number, name, value)
        blynk_batch.Client  # noqa: B018 - the module may not be loaded yet
        blynk_batch.client._open_rings.clear()
        try:
            call()
        except Exception as e:
            assert type(e) is kind, "%s: %r" % (where, e)
            text = str(e)
            assert name in text and value in text and rule in text, "%s: %s" % (where, text)
            assert "secret123" not in text and "to ken" not in text
        else:
            raise AssertionError(where + " was taken")


def test_what_is_right_is_taken():
    blynk_batch.Client  # noqa: B018
    with made(points_per_day=None, max_age_days=0.5, regions="blynk.cloud", debug=print, batch_points=1) as opened:
        assert opened.due(0) is False and opened.due(0.5) is False
        opened.upload(timeout_s=0)
        opened.upload(timeout_s=0.5, watchdog=lambda: None)
        opened.log_group({})
        opened.release("v7")
        opened.close(sleep_ms=0)
