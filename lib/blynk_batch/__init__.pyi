"""Types and words for editors and type checkers; not for boards. Docstrings are the code's: tools/stubs.py."""

from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Protocol, Sequence, Tuple, Union

__version__: str

_Pin = Union[int, str]
_Location = Tuple[float, float]
_Value = Union[int, float, bool, str, _Location, List[float], None]
_Certificate = Union[bytes, bytearray, str]
_Debug = Optional[Callable[[str], Any]]
_Watchdog = Optional[Callable[[], Any]]
_Reply = Tuple[int, Mapping[str, str], bytes]

class _Clock(Protocol):
    def now(self) -> Optional[float]: ...
    def uptime(self) -> float: ...

class _Transport(Protocol):
    def post(self, url: str, headers: Dict[str, str], body: Any, timeout_s: float) -> _Reply: ...

class _BlockDevice(Protocol):
    @property
    def readblocks(self) -> Callable[..., Any]: ...
    @property
    def writeblocks(self) -> Callable[..., Any]: ...
    @property
    def ioctl(self) -> Callable[..., Any]: ...

class FileRing:
    """A ring in the folder `path` of any mounted filesystem; on FAT in one file of full size, see media/fat.py.

    path            made if it is missing, with the folders above it but for the first of an absolute path, which has
                    to be there: a card that is not mounted must not become a folder of the board's own flash
    capacity_bytes  at most this much for readings, in steps of 4096, at least 12,288; None: what the ring had, at
                    first the smaller of 256 KiB and half of the free space. A larger value than before counts at
                    once, a smaller one drops the oldest readings, counted, or waits till what is pending fits if it may
                    not overwrite; on FAT either counts once nothing is pending
    overwrite       True: a full ring or disk drops its oldest sector, counted. False: log() raises RingFull.
    commit_every    readings held in RAM before they are made durable together, at least 1; 1 loses none
    tails, tail_bytes  how many tail files, at least 1, of how many bytes, 60 or more, of which 4096 count;
                    None: what suits the board's littlefs, 3 of 220 on RP2, else 4 of 120. Not for FAT.

    Raises ValueError or TypeError for an argument, also for a folder that hides the library from `import`; OSError of
    the filesystem with its number and words; WrongDevice for another format, CorruptRing if no header can be read,
    and nothing is changed then."""

    def __init__(
        self,
        path: str,
        capacity_bytes: Optional[int] = None,
        overwrite: bool = True,
        commit_every: int = 1,
        tails: Optional[int] = None,
        tail_bytes: Optional[int] = None,
    ) -> None: ...

class BlockRing:
    """A ring on `device`, any MicroPython block device: esp32.Partition, rp2.Flash, SPI flash, FRAM, an SD card.

    start, blocks   the part of the device to use, in its blocks; all of it by default. At least three sectors of 4096
                    bytes, or of one block where that is larger; on whole blocks two blocks more. Another `blocks` than
                    before counts once nothing is pending.
    overwrite       True: a full ring drops its oldest sector, counted. False: log() raises RingFull.
    commit_every    readings held in RAM before they are made durable together, at least 1; 1 loses none
    page_size       bytes that a program must be a multiple of, a power of two up to a block: 256 on rp2.Flash, else 1;
                    with whole_blocks the bytes that the driver rewrites at once, the block size by default (4096 for
                    a driver that caches a flash sector)
    unit            bytes that can be programmed only once between erases, a power of two up to 512: 16 under flash
                    encryption, else 1; an esp32.Partition tells
    whole_blocks    True: only whole blocks can be written, or the driver caches them; None: found out by asking
    verify          read back what was programmed; a block that fails is skipped, see stats()["bad_blocks"]
    format          True: take a device that holds something else, which is erased. A ring that is there stays.

    Raises WrongDevice if the device holds something else or another format, CorruptRing if no header can be read
    (nothing is changed then), Error if what is pending does not fit `blocks`, ValueError or TypeError for a part that
    the device does not have or another argument, OSError of the driver with its number."""

    def __init__(
        self,
        device: _BlockDevice,
        *,
        start: int = 0,
        blocks: Optional[int] = None,
        overwrite: bool = True,
        commit_every: int = 1,
        page_size: Optional[int] = None,
        unit: Optional[int] = None,
        whole_blocks: Optional[bool] = None,
        verify: bool = True,
        format: bool = False,
    ) -> None: ...

class Result:
    """See Client.upload()."""

    uploaded: int
    requests: int
    pending: int
    error: Optional[Exception]
    waiting: Optional[str]
    retry_after_s: Optional[int]

class Client:
    """Keeps readings in `ring` until Blynk has accepted them.

    token           the device's auth token
    ring            a FileRing or BlockRing; FileRing("/blynk_batch.ring") if None
    server          "https://blynk.cloud" or the region's own, without a path
    transport       None: Requests(); or HTTPS(ca=...), or anything with its `post` method
    clock           None: the board's own; or an object with now() and uptime(), see clock/wall.py
    batch_points, batch_bytes   most points and bytes in one request (Blynk: 10,000 and 2 MB)
    points_per_day  most points sent in one day (UTC); None: the server decides
    max_age_days    older points are skipped and counted instead of sent; None: never
    regions         hosts, and what is below them, that a redirect may send the token to
    unsynced        "estimate" the time of boots that never learned it, or "drop" their points, counted
    debug           called with one line of text per event, such as print

    Raises ValueError or TypeError for a bad argument, Error if another client has the ring open, or closed it since."""

    def __init__(
        self,
        token: str,
        *,
        ring: Union[FileRing, BlockRing, None] = None,
        server: str = "https://blynk.cloud",
        transport: Optional[_Transport] = None,
        clock: Optional[_Clock] = None,
        batch_points: int = 10000,
        batch_bytes: int = 2000000,
        points_per_day: Optional[int] = 100000,
        max_age_days: Optional[float] = None,
        regions: Union[str, Sequence[str]] = ("blynk.cloud",),
        unsynced: str = "estimate",
        debug: _Debug = None,
    ) -> None: ...
    def log(self, pin: _Pin, value: _Value, *, timestamp: Optional[int] = None) -> None:
        """Store one reading, durable on return (with commit_every=N, when N have gathered).

        pin        0-255, "V1" or "v1"
        value      int within 64 bits, finite float, bool, str up to 1024 UTF-8 bytes, or (lon, lat);
                   None, NaN and infinities (a failed sensor) are skipped and counted
        timestamp  Unix milliseconds; None: now, also while the clock is not set

        ValueError or TypeError for what cannot be stored, RingFull if the ring refuses, Busy if eight readings
        already wait for a call that this one interrupts, OSError from the flash; then nothing is stored."""
    def log_group(self, values: Mapping[Any, _Value], *, timestamp: Optional[int] = None) -> None:
        """Store readings of several pins, {pin: value}, with one timestamp in one frame: all of them or none."""
    def flush(self) -> None:
        """With commit_every=N: make the readings that are still in RAM durable."""
    @property
    def pending(self) -> int:
        """Data points that the server has not accepted yet."""
    def points(self) -> Iterator[Tuple[int, Optional[int], Any]]:
        """What is pending, (pin, timestamp, value) in log order, one frame in RAM at a time. A timestamp that is
        not known yet is None. Refused points come first."""
    def stats(self, *, watchdog: Optional[Callable[[], Any]] = None) -> Dict[str, Any]:
        """Lifetime counters of points, in a dict: logged, uploaded, dropped (overwritten, or cleared), skipped (no
        value), refused (RingFull), held (refused by the server, tried again daily), rejected (held, then given up),
        expired, estimated (times), corrupt (lost to damaged flash); of requests: requests, retried (later),
        smaller (too large), redirected (followed), stopped (invalid token); and pending, waiting_for_clock, bad_blocks,
        used_bytes, erases, last_success (Unix seconds or None), last_error (text or None), clock_error_s.

        watchdog  called meanwhile: where the clock is not set, a large backlog takes a board seconds to go through"""
    def due(self, interval_s: float = 900) -> bool:
        """True when there is something to send, `interval_s` have passed since the last drain, and neither backoff
        nor budget forbids it. Refused points count once their next try is due. All this is kept across resets, the
        interval only if the clock is kept or the sleep was planned. After power-on the first drain waits at most a
        tenth of it and 30 s; later ones keep to a time in it that the token chooses: see upload/due.py."""
    def upload(self, *, timeout_s: Optional[float] = None, watchdog: _Watchdog = None) -> Result:
        """Send what is pending now; blocks. The Result says what came of it, for it raises nothing for the network's
        or the server's faults:

        uploaded, requests, pending    points accepted, requests made, points left
        error           None, an UploadError (see errors.py), MemoryError; RingFull or OSError 28: no room for an ack
        waiting         None; "backoff", "budget", "clock" (a point's time is not known yet) or "time" (timeout_s)
        retry_after_s   seconds until the next try makes sense, or None

        timeout_s  ends it between two chunks; a name lookup or TLS handshake under way can exceed it.
        watchdog   called every few milliseconds to seconds, between steps."""
    async def run(
        self, is_online: Callable[[], Any], *, interval: float = 900, watchdog: _Watchdog = None, poll_s: float = 1,
        on_result: Optional[Callable[[Result], Any]] = None
    ) -> None:
        """Drain whenever `is_online()` is true and a drain is due, for ever; for asyncio. Cancelling it is safe.
        `on_result` is called with the Result of each drain. Either may be an async function.

        With HTTPS it lets other tasks run between chunks; `Requests` blocks for each request."""
    def release(self, pin: _Pin) -> None:
        """Try with the next upload what the server has refused of `pin`, at once and whole."""
    def prepare(self) -> None:
        """On raw flash erase the next sector ahead, so that no log() waits for it. upload() does it at its end; a
        program that logs for long between uploads can do it while idle."""
    def clear(self) -> None:
        """Drop everything pending, counted as dropped."""
    def close(self, *, sleep_ms: Optional[int] = None) -> None:
        """Make all durable and let go of the ring; before deep sleep note how long it is planned to last, so that
        readings without a clock keep their time. Twice does no harm.

        sleep_ms  int of 0 or more; None: no sleep is planned. ValueError or TypeError for anything else."""
    def __enter__(self) -> "Client": ...
    def __exit__(self, *_: Any) -> None: ...

class WiFi:
    """Connects to the network `ssid_or_networks` with `password` (None: an open one), or to whichever of several
    [(ssid, password), ...] is in reach, and does so again whenever the connection is lost.

    hostname   what the board is called in the network, 1 to 32 bytes; None: the firmware's name
    debug      called with one line of text for each change, such as print; None: silent

    Country and power management are the caller's: network.country(), network.WLAN(0).config(pm=...). ValueError or
    TypeError for a bad argument, Error if the firmware has no Wi-Fi."""

    def __init__(
        self,
        ssid_or_networks: Union[str, Sequence[Tuple[str, Optional[str]]]],
        password: Optional[str] = None,
        *,
        hostname: Optional[str] = None,
        debug: _Debug = print,
    ) -> None: ...
    def online(self) -> bool:
        """True if there is a connection. Returns at once: where there is none, it begins an attempt or looks how the
        one under way does. Raises nothing; call it in each round of the program."""
    def wait(self, timeout_s: float, watchdog: _Watchdog = None) -> bool:
        """Wait up to `timeout_s` seconds for a connection; True if there is one. `watchdog` is called ten times a
        second."""
    def off(self) -> None:
        """Switch the Wi-Fi off, before a sleep or to save power. The next online() or wait() switches it on again."""

class HTTPS:
    """ca   the root certificate that the server's must lead to: DER or PEM as bytes, PEM as str, the path of a file
         with either as str, or a tuple of these. None: only for http://.

    One object serves one client. ValueError or TypeError for a `ca` that cannot be one."""

    def __init__(self, ca: Union[_Certificate, Tuple[_Certificate, ...], List[_Certificate], None] = None) -> None: ...
    def post(self, url: str, headers: Dict[str, str], body: Any, timeout_s: float) -> _Reply:
        """(status, {lower-case name: value}, at most 1,024 bytes of the reply); see requests.py."""
    async def apost(self, url: str, headers: Dict[str, str], body: Any, timeout_s: float) -> _Reply:
        """`post` for asyncio: others run after every chunk of the body, and while the network is slow."""
    def close(self) -> None:
        """End the connection; the next request makes another."""

class Requests:
    """Takes no arguments; one object may serve several clients."""

    def post(self, url: str, headers: Dict[str, str], body: Any, timeout_s: float) -> _Reply: ...

def set_clock() -> bool:
    """Set the wall clock from the internet (NTP, by the firmware's ntptime): True if it is right then.

    Raises nothing. Not believed is a time before the library's build or 20 years after it, or within a day of
    2036-02-07: the clock stays as it is."""

class Error(Exception):
    """Root of everything the library raises for reasons of its own."""

class RingFull(Error):
    """A reading was refused: the ring is full and was opened with overwrite=False. In a result: no room for an ack."""

class CorruptRing(Error):
    """Not one readable sector header is left; nothing was changed on the medium."""

class WrongDevice(Error):
    """The device or folder holds something else than a ring that can be read; nothing was changed on it."""

class Busy(Error):
    """A call came while another was under way and could not wait for it."""

class UploadError(Error):
    """Root of what `result.error` holds. `status` is the HTTP status, 0 without a reply."""

    status: int

class NetworkError(UploadError):
    """The request had no whole reply; the data is kept."""

class ServerError(UploadError):
    """The server answered, but not that it took the batch; the data is kept."""

class Redirected(UploadError):
    """The server pointed to a place that may not learn the token; the data is kept."""

class BatchTooLarge(UploadError):
    """The server takes fewer points in a request: the next ones are smaller."""

class PinRefused(UploadError):
    """The server has no datastream for the pin: its points are held and tried again daily, all others go on."""

class PointRefused(UploadError):
    """The server refuses a value: it is held and tried again daily, all others are delivered."""

class InvalidToken(UploadError):
    """The server does not know the token: everything is kept and tried again each hour."""

# For the library's own files
def load(module: str, name: Optional[str] = None) -> Any:
    """The module, or its `name`. From source it collects often meanwhile, where the heap is small: compiling leaves so
    much garbage that what lasts would else lie strewn over all of it, with no large hole left between. In bundles it
    collects once, before."""

def let_go(name: str) -> None:
    """Take the code of the module `name` out of the heap: it works once, when something is opened. On a heap with much
    room it stays, since to compile it again takes longer than all that it does."""
