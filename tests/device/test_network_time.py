"""The clock is the library's job: NTP, else the server's Date, and no bad answer moves a good clock.

tests/host/test_time.py shows what arrives with it, through flash and HTTP.
"""

import sys

from board_clock import BoardClock, date_of
from stand_ins import FakeServer
from timing import DAY, HOUR, MINUTE

HEAP = "4m"
PORTS = ("esp32", "rp2")
NOW_MS = 1795000000000
NTP_ZERO_MS = 2085978496000
NO_NTP = OSError(110)
KISS_OF_DEATH = str(NTP_ZERO_MS)


def date(ms):
    year, month, day, hours, minutes, seconds = date_of(ms // 1000)[:6]
    name = "JanFebMarAprMayJunJulAugSepOctNovDec"[month * 3 - 3 : month * 3]
    return "Mon, %02d %s %d %02d:%02d:%02d GMT" % (day, name, year, hours, minutes, seconds)


class Server(FakeServer):
    """Answers with a Date: the true time plus `ahead_ms`, or none where that is None."""

    found = {}  # headers of every reply, besides

    def __init__(self, clock, ahead_ms=None, *replies):
        super().__init__(*replies)
        self.clock, self.ahead_ms = clock, ahead_ms

    def post(self, url, headers, body, timeout_s):
        if "pin=" not in url:
            self.replies.insert(0, (301, {}, b""))
        status, found, text = super().post(url, headers, body, timeout_s)
        found = dict(found, **self.found)
        if self.ahead_ms is not None:
            found = dict(found, date=date(self.clock.now_ms + self.ahead_ms))
        return status, found, text


class World:
    """A board that was just switched on, its clock and server, and the lines that its client told."""

    made = 0

    def __init__(self, port, ntp=NO_NTP, ahead_ms=None, **attributes):
        World.made += 1
        self.path = "ring%d" % World.made
        self.clock = BoardClock(port, NOW_MS)
        self.clock.ntp = ntp
        self.clock.install()
        self.server = Server(self.clock, ahead_ms)
        for name in attributes:
            setattr(self.server, name, attributes[name])
        self.boot()

    def boot(self):
        for name in list(sys.modules):
            if name.startswith("blynk_batch"):
                del sys.modules[name]
        import blynk_batch

        self.library = blynk_batch
        self.lines = []
        ring = blynk_batch.FileRing(self.path, capacity_bytes=32768)
        self.client = blynk_batch.Client(
            "token", ring=ring, transport=self.server, debug=self.lines.append, server="https://blynk.cloud"
        )

    def after(self, ms, reset=None):
        self.client.close()
        if reset is None:
            self.clock.off(ms)
        else:
            self.clock.wait(ms)
            self.clock.reset(reset)
        self.boot()

    def log(self, count=3):
        for number in range(count):
            self.client.log(1, number)
            self.clock.wait(MINUTE)

    def error_ms(self):
        return self.clock.shown_ms - self.clock.now_ms

    def said(self, words):
        return len([line for line in self.lines if words in line])

    def shows(self):
        return self.library.clock.wall.SystemClock().now()


def test_an_upload_sets_an_unset_clock_by_ntp_and_the_readings_get_their_times():
    for port in PORTS:
        world = World(port, 0)
        world.log()
        result = world.client.upload()
        assert result.uploaded == 3 and result.waiting is None, result
        assert -1000 <= world.error_ms() <= 0
        times = [ms - NOW_MS - 800 for _, ms, _ in world.server.points]
        assert [(ms + 1000) // MINUTE for ms in times] == [0, 1, 2], times
        assert world.said("clock set by NTP") == 1


def test_again_daily_and_no_more_often():
    for port in PORTS:
        world = World(port, 0)
        asked = []
        for _ in range(3 * 24 * 4):
            world.client.log(1, 1)
            world.client.upload()
            asked.append(sys.modules["ntptime"].asked)
            world.clock.shown_ms += 200  # it gains
            world.clock.wait(15 * MINUTE)
        assert asked[0] == 1 and asked[-1] == 3, asked
        assert world.error_ms() < 25000


def test_once_in_each_boot_also_where_the_clock_is_set_since_sleep_lets_it_drift():
    world = World("esp32", 0)
    world.log(1)
    world.client.upload()
    world.after(HOUR, reset=BoardClock.DEEPSLEEP_RESET)
    world.clock.shown_ms += 60000
    world.log(1)
    world.client.upload()
    assert -1000 <= world.error_ms() <= 0


def test_a_bad_answer_neither_sets_a_clock_nor_moves_a_good_one_and_nothing_is_raised():
    bad = (
        NO_NTP,
        IndexError("short"),
        ValueError("short"),
        OverflowError("x"),
        MemoryError("x"),
        RuntimeError("x"),
        KISS_OF_DEATH,
        str(NTP_ZERO_MS + DAY - 1000),
        str(NTP_ZERO_MS - DAY + 1000),
        "0",
        "-2085978496000",
        "1609459200000",
        "1793491199000",  # a second before the build
        str(1793491200000 + 20 * 365 * DAY + 6 * DAY),
    )
    for port in PORTS:
        for answer in bad:
            world = World(port, answer)
            assert world.library.set_clock() is False, answer
            assert world.shows() is None
            world.log(1)
            assert world.client.upload().waiting == "clock"
            assert world.shows() is None
            world.clock.ntp = 0
            assert world.library.set_clock() is True
            world.clock.ntp = answer
            assert world.library.set_clock() is False and -3000 < world.error_ms() <= 0, answer
            world.clock.wait(2 * DAY)
            world.client.upload()
            assert -3000 < world.error_ms() <= 0, answer


def test_every_day_of_the_next_twenty_years_is_set_as_it_is_on_both_epochs():
    for port in PORTS:
        world = World(port)
        for days in range(0, 18 * 365, 13):
            ms = NOW_MS + days * DAY + days * 7919000
            world.clock.ntp = str(ms)
            near_zero = abs(ms - NTP_ZERO_MS) < DAY
            assert world.library.set_clock() is not near_zero, (days, world.shows())
            assert near_zero or world.shows() // 1000 == ms // 1000


def test_a_clock_that_is_right_is_not_set_back_by_the_fraction_of_a_second():
    world = World("rp2", 0)
    world.clock.shown_ms = world.clock.now_ms + 100
    assert world.library.set_clock() and world.error_ms() == 100


def test_a_set_clock_that_the_server_agrees_with_does_not_follow_ntp_into_another_year():
    world = World("rp2", 0, ahead_ms=0)
    world.log(1)
    world.client.upload()
    world.clock.ntp = 4 * 365 * DAY
    world.clock.wait(DAY)
    world.log(1)
    world.client.upload()
    assert -3000 < world.error_ms() <= 0


def test_a_clock_that_the_server_no_longer_agrees_with_is_set_by_ntp_with_the_next_upload():
    for wrong_ms in (-3 * DAY, 3 * DAY):
        world = World("rp2", 0, ahead_ms=0)
        world.log(1)
        world.client.upload()
        world.clock.shown_ms += wrong_ms
        for _ in range(2):
            world.log(1)
            world.client.upload()
        assert -3000 < world.error_ms() <= 0, wrong_ms


def test_without_ntp_the_date_of_the_servers_reply_sets_it():
    for port in PORTS:
        world = World(port, ahead_ms=0)
        world.log()
        result = world.client.upload()
        assert result.uploaded == 3 and result.pending == 0 and result.waiting is None, result
        assert -1000 <= world.error_ms() <= 0
        assert world.said("clock set by the server's Date") == 1
        times = [ms - NOW_MS for _, ms, _ in world.server.points]
        assert [ms // MINUTE for ms in times] in ([0, 1, 2], [-1, 0, 1]), times


def test_a_date_that_cannot_be_is_not_believed_and_the_readings_wait():
    for ahead_ms in (-365 * DAY, NTP_ZERO_MS - NOW_MS, 30 * 365 * DAY, None):
        world = World("rp2", ahead_ms=ahead_ms)
        world.log()
        assert world.client.upload().waiting == "clock"
        assert world.shows() is None and world.client.pending == 3


def test_a_date_of_hundreds_of_digits_leaves_nothing_in_the_state():
    world = World("rp2")
    world.server.found = {"date": "Mon, 23 Nov %s 20:03:55 GMT" % ("9" * 400)}
    world.log()
    assert world.client.upload().waiting == "clock"
    assert max([len(repr(value)) for value in world.client.ring.state.values()]) < 100


def test_a_date_from_before_a_time_that_the_ring_knows_is_believed_only_if_it_stays():
    world = World("rp2", 0)
    world.log()
    world.client.upload()
    world.clock.ntp = NO_NTP
    world.server.ahead_ms = -2 * DAY
    world.after(HOUR)
    world.log(1)
    assert world.client.upload().waiting == "clock"
    assert world.client.upload().waiting == "clock", "at once it says nothing new"
    world.clock.wait(HOUR)
    assert world.client.upload().waiting is None


def test_a_reading_of_the_far_future_keeps_no_sleeping_board_from_the_servers_date():
    for planned in (True, False):
        world = World("rp2", ahead_ms=0)
        world.client.log(1, 1, timestamp=NOW_MS + 300 * DAY)
        world.client.upload()
        waited = []
        for wake in range(8):
            if planned:
                world.client.close(sleep_ms=15 * MINUTE)
                world.clock.sleep(15 * MINUTE)
                world.boot()
            else:
                world.after(15 * MINUTE)
            world.client.log(1, wake)
            waited.append(world.client.upload().waiting == "clock")
        assert waited == [True] * 4 + [False] * 4 and world.client.pending == 0, waited
        assert -2000 <= world.error_ms() <= 0


def test_a_date_over_verified_tls_is_believed_whatever_the_ring_knows():
    world = World("rp2", 0)
    world.log()
    world.client.upload()
    world.clock.ntp = NO_NTP
    world.server.ahead_ms = -2 * DAY  # the ring's time was the wrong one
    world.server.verifies = True
    world.after(HOUR)
    world.log(1)
    assert world.client.upload().waiting is None
    assert -2 * DAY - 1000 <= world.error_ms() <= -2 * DAY


def test_where_certificates_are_verified_the_date_is_asked_for_without_the_token():
    world = World("rp2", ahead_ms=0, verifies=True)
    world.log()
    assert world.client.upload().uploaded == 3
    first, second = world.server.requests
    assert first == ("http://blynk.cloud/", b"[]")
    assert second[0].startswith("https://blynk.cloud/") and "token" in second[0]


def test_a_question_without_tls_in_which_a_call_ends_is_asked_without_it_by_the_next_too():
    class Asked(BaseException):
        pass

    for ends in (lambda body: body.tick(), lambda body: fail(Asked())):
        world = World("rp2", ahead_ms=0, verifies=True)
        world.log()
        answers = world.server.post

        def hangs(url, headers, body, timeout_s, world=world, ends=ends):
            world.clock.wait(10000)
            ends(body)

        world.server.post = hangs
        try:
            assert world.client.upload(timeout_s=10).waiting == "time"
        except Asked:  # as Ctrl-C
            pass
        world.server.post = answers
        assert world.client.upload().uploaded == 3
        assert world.server.requests[0][0] == "http://blynk.cloud/", world.server.requests


def fail(error):
    raise error


def test_a_verified_reply_puts_right_what_an_unverified_one_had_set():
    for wrong_ms in (400 * DAY, -2 * DAY):
        world = World("rp2", ahead_ms=wrong_ms, verifies=True)
        world.log(1)
        post = world.server.post

        def honest(*arguments, world=world, wrong_ms=wrong_ms, post=post):
            world.server.ahead_ms = 0 if arguments[0].startswith("https:") else wrong_ms
            return post(*arguments)

        world.server.post = honest
        world.client.upload()
        assert -1000 <= world.error_ms() <= 0, wrong_ms


def test_a_server_that_cannot_be_reached_is_a_failure_like_any_other():
    world = World("rp2")
    world.server.replies = [OSError(113)]
    world.log(1)
    result = world.client.upload()
    assert isinstance(result.error, world.library.NetworkError) and result.retry_after_s > 0
    asked = sys.modules["ntptime"].asked
    assert world.client.upload().waiting == "backoff"
    assert sys.modules["ntptime"].asked == asked, "within a backoff NTP is not asked either"


def test_a_day_without_any_network_time_is_told_in_one_line_which_says_what_the_readings_do():
    world = World("rp2")
    for _ in range(30):
        world.log(1)
        world.client.upload()
        world.clock.wait(HOUR)
    assert world.said("no network time for a day") == 1 and world.said("wait on the flash") == 1, world.lines
    world = World("esp32", 0)
    world.log(1)
    world.client.upload()
    world.clock.ntp = NO_NTP
    for _ in range(60):
        world.log(1)
        world.client.upload()
        world.clock.wait(HOUR)
    assert world.said("no network time for a day") == 2 and world.said("keeps alone") == 2, world.lines


def test_a_clock_of_the_callers_own_is_left_alone():
    from stand_ins import FakeClock

    world = World("rp2", 0)
    world.client.close()
    client = world.library.Client(
        "token", ring=world.library.FileRing("other"), transport=FakeServer(), clock=FakeClock(None)
    )
    client.log(1, 1)
    assert client.upload().waiting == "clock"
    assert sys.modules["ntptime"].asked == 0


def test_a_firmware_without_ntptime_or_rtc_raises_nothing():
    world = World("rp2", 0)
    sys.modules["ntptime"] = None
    assert world.library.set_clock() is False
    world = World("rp2", 0)
    del sys.modules["machine"].RTC
    assert world.library.set_clock() is False
    world.clock.shown_ms = world.clock.now_ms
    assert world.library.set_clock() is True


def test_the_watchdog_is_fed_around_the_question():
    world = World("rp2", 0)
    world.log(1)
    fed = []
    ntp = sys.modules["ntptime"].time
    sys.modules["ntptime"].time = lambda: fed.append("ntp") or ntp()
    world.client.upload(watchdog=lambda: fed.append("dog"))
    at = fed.index("ntp")
    assert fed[at - 1] == "dog" and fed[at + 1] == "dog"


def test_a_callbacks_reading_that_a_full_ring_refuses_meanwhile_is_an_error_of_the_result():
    world = World("rp2", 0, 0)
    world.log(1)
    ring = world.client.ring
    store, note = ring.log, ring.set

    def full(*_):
        raise world.library.RingFull("the ring is full")

    def interrupted(key, value):
        ring.set, ring.log = note, full
        world.client.log(1, 2)  # it waits for the note that it interrupts
        note(key, value)

    ring.set = interrupted
    result = world.client.upload(watchdog=int)
    assert isinstance(result.error, world.library.RingFull) and result.retry_after_s, result
    ring.log = store
    world.clock.wait(MINUTE)
    assert world.client.upload(watchdog=int).pending == 0


def test_set_clock_loads_nothing_of_ring_or_upload():
    world = World("rp2", 0)
    for name in list(sys.modules):
        if name.startswith("blynk_batch"):
            del sys.modules[name]
    import blynk_batch

    assert blynk_batch.set_clock() is True
    loaded = sorted([name[12:] for name in sys.modules if name.startswith("blynk_batch.")])
    assert loaded == ["clock", "clock.network", "clock.wall"], loaded
    assert world


class Bite(BaseException):
    """The watchdog's, in the midst of a name lookup."""


def test_a_lookup_that_outlasts_the_watchdog_resets_the_board_ever_less_often():
    for port in PORTS:
        world = World(port, ntp=0, ahead_ms=0)
        right, sys.modules["ntptime"].time = sys.modules["ntptime"].time, bites
        resets = 0
        for minute in range(15 * 60):
            world.clock.wait(MINUTE)
            world.client.log(1, minute)
            try:
                if world.client.due(900):
                    world.client.upload(watchdog=int)
            except Bite:
                resets += 1
                world.clock.reset(world.clock.WDT_RESET)
                world.boot()
            if minute == 12 * 60:
                sys.modules["ntptime"].time = right
        assert 10 < resets < 100, resets
        assert world.client.pending < 20, "and once it answers all is as before"


def bites():
    raise Bite
