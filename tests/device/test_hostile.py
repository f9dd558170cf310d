"""Bytes hidden in a reading, lies in crafted images: nothing is invented, nothing changes hands.

Who writes a string knows the format, the sector and the slot, but not the ring's salt. Each string holds whole frames:
marks at the starts of pages, readings, and state that names another server, window, cursor and counter.
"""

import blynk_batch
import invariants
from blynk_batch import BlockRing, FileRing
from blynk_batch.ring import record, sector
from blynk_batch.report import to_value
from blynk_batch.ring.state import ASKED, BATCH, CURSOR, DROPPED, HELD, OLDEST, RANGES, REGION, UPLOADED, WINDOW
from blynk_batch.ring.state import encode_state
from flash import NorFlash, SdCard, mount, umount
from stand_ins import FakeClock, FakeServer

WASM = False
HEAP = "16m"
START_MS = 1648054765458
EVIL = b"http://evil.example"
BYTES = 1500
LIES = {
    OLDEST: (268435455,),
    CURSOR: (9, 100, 999999),
    WINDOW: (9, 100, 999999, 0, 0),
    UPLOADED: (123456,),
    DROPPED: (7,),
    REGION: EVIL,
}


def log_bytes(ring, data):
    """Log a string of any bytes, as no program could: what it can is a part of that."""
    real = record.encode_values
    size = bytearray()
    record.put_varint(size, len(data))
    record.encode_values = lambda values: (0x10, b"\x03" + size + data)
    try:
        ring.log(0, START_MS + 20, b"\x02", ["?"])
    finally:
        record.encode_values = real


def forged(seed, page):
    """Frames as the ring writes them at the start of that page, with checks from `seed`."""
    frames = record.frame(record.MARK, bytes((page, 2, 0)), seed)
    chain = record.Chain()
    for number in range(3):
        frames += record.frame(0, chain.encode(0, START_MS + number, b"\x4d", *record.encode_values([number])), seed)
    frames += record.frame(record.STATE, encode_state(LIES), seed)
    endless = bytes((0x7E, 127)) + b"\xff" * 127
    return frames + record.frame(record.STATE, endless, seed)


def hostile_text(ring, salt):
    """A string for the next frame, that begins the ring's second page."""
    seed = record.seed(ring.newest, ring.medium.slot(ring.newest), salt)
    text = bytearray(b"." * BYTES)
    start = 512 + 8 + 16  # of the text, roughly; both places are tried all over the pages
    for page in (1, 2, 3):
        frames = forged(seed, page)
        for at in range(page * 512 - start - 40, page * 512 - start + 40, 40):
            if 0 <= at <= BYTES - len(frames):
                text[at : at + len(frames)] = frames
    place = text_place(ring)
    for page in (2, 3):
        at = page * 512 - place
        text[at : at + len(forged(seed, page))] = forged(seed, page)
    return bytes(text[:BYTES])


def text_place(ring):
    """Where in the sector the text will start: behind filler, mark, the frame's head, tag, time, pin, kind, length."""
    mark = len(record.frame(record.MARK, bytes((1, 2, 0)), 0))
    return 512 + mark + 3 + 1 + 6 + 1 + 1 + 2


def found(ring):
    values = []
    reader = ring.reader((0, 0, 0))
    while reader.next():
        if reader.kind == 1:
            values.extend([(reader.chain.pins, to_value(text)) for text in reader.values()])
    return values


def judge(ring):
    """The ring has what was logged, whole or not at all, and its state is its own."""
    allowed = [(b"\x01", 5), (b"\x01", 6), (b"\x02", None)]  # the text is no UTF-8
    for pins, value in found(ring):
        assert (pins, value) in allowed, (pins, value)
    for key in (REGION, WINDOW, UPLOADED, DROPPED):
        assert key not in ring.state, ring.state
    assert ring.cursor()[:2] <= ring.end()[:2]
    invariants.check(ring, damaged=True)


def begin(device, **options):
    ring = BlockRing(device, **options)
    ring.log(0, START_MS, b"\x01", [5])
    ring.log(0, START_MS + 10, b"\x01", [6])
    return ring


def count_invented(known, judged):
    """Cut the power all through the write of the text; how many images had more in them than was logged."""
    invented = cuts = 0
    base = NorFlash(8)
    begin(base)
    whole = base.revive()
    whole.journal = []
    ring = BlockRing(whole)
    salt = ring.salt if known else ring.salt ^ 0x1234567
    text = hostile_text(ring, salt)
    log_bytes(ring, text)
    assert whole.data[text_place(ring) : text_place(ring) + BYTES] == text
    for operation in range(len(whole.journal)):
        for byte, mode in ((1, "prefix"), (30, "prefix"), (50, "random"), (9, "late")):
            device = base.revive()
            ring = BlockRing(device)
            device.cut_at(operation, byte, mode, byte)
            try:
                log_bytes(ring, text)
            except OSError:
                pass
            cuts += 1
            ring = BlockRing(device.revive())
            try:
                judge(ring)
            except AssertionError:
                invented += 1
                if judged:
                    raise
    assert cuts > 80
    return invented


def test_frames_in_a_string_that_a_cut_tears_are_never_found():
    assert count_invented(known=False, judged=True) == 0


def test_the_judge_sees_frames_of_somebody_who_knows_the_salt():
    assert count_invented(known=True, judged=False) > 10


def test_frames_in_a_string_that_is_damaged_are_never_found_on_any_medium():
    for make, options in (
        (lambda image: NorFlash(8, image=image), {}),
        (lambda image: NorFlash(8, page_size=256, image=image), {"page_size": 256}),
        (lambda image: NorFlash(8, unit=16, image=image), {"unit": 16}),
        (lambda image: SdCard(66, image=image), {}),
    ):
        ring = begin(make(None), **options)
        text = hostile_text(ring, ring.salt ^ 1)
        log_bytes(ring, text)
        ring.log(0, START_MS + 30, b"\x01", [6])
        image = ring.medium.flash._device.image()
        for at in range(40, 2400, 31):
            damaged = bytearray(image)
            damaged[at] ^= 1 << at % 8
            judge(BlockRing(make(damaged), **options))


def test_frames_in_a_string_in_a_damaged_file_are_never_found():
    damage_the_file(NorFlash(32), "esp32", "/sim/ring/log/3fffffff")


def test_frames_in_a_string_in_a_damaged_file_on_fat_are_never_found():
    damage_the_file(SdCard(256), "fat", "/sim/ring/ring0")


def damage_the_file(device, board, name):
    mount(device, "/sim", board)
    ring = FileRing("/sim/ring", capacity_bytes=16384)
    ring.log(0, START_MS, b"\x01", [5])
    text = hostile_text(ring, ring.salt ^ 1)
    log_bytes(ring, text)
    ring.log(0, START_MS + 30, b"\x01", [6])
    ring.close()
    with open(name, "rb") as f:
        data = f.read()
    for at in range(50, len(data), 97):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        with open(name, "wb") as f:
            f.write(damaged)
        ring = FileRing("/sim/ring")
        judge(ring)
        ring.close()
    umount("/sim")


# Crafted images: the checks are right


def crafted(frames):
    """A device whose ring has these (kind, payload) behind two readings."""
    device = NorFlash(8)
    ring = begin(device)
    for kind, payload in frames:
        ring.put(kind, payload)
    return device


def test_state_that_cannot_be_does_not_count_and_opens_all_the_same():
    endless = bytes((0x7E, 127)) + b"\xff" * 127
    short = bytes((CURSOR, 9, 1))
    lies = encode_state({OLDEST: (268435455,), WINDOW: (9, 100, 5), CURSOR: (1 << 40, 0, 0)})
    device = crafted([(record.STATE, endless), (record.STATE, short), (record.STATE, lies)])
    for _ in range(3):
        ring = BlockRing(device)
        assert [value for _, value in found(ring)] == [5, 6]
        assert ring.oldest == 0 and ring.cursor() == (0, 0, 0) and WINDOW not in ring.state
        invariants.check(ring, 2)


def test_a_cursor_and_a_window_behind_the_end_are_taken_for_the_end():
    device = crafted([(record.STATE, encode_state({CURSOR: (3, 7, 2), WINDOW: (7, 7, 2, 0, 0), UPLOADED: (2,)}))])
    ring = BlockRing(device)
    assert ring.cursor()[:2] == ring.end()[:2] and ring.pending == 0
    ring.log(0, START_MS + 99, b"\x01", [7])
    invariants.check(BlockRing(device), 1)


def test_places_behind_the_end_of_their_sector_are_walked_to_that_end_and_no_further():
    for start, end in ((9999, 8388607), (24, 8388607), (9999, 99)):
        device = NorFlash(4)
        ring = BlockRing(device)
        while not ring.newest:
            ring.log(0, START_MS, b"\x01", ["x" * 900])
        ring.set(CURSOR, ring.end())
        ring.set(HELD, (5,))
        ring.save_value(RANGES, (0, start, 0, end, 0, 0, 0, 1))
        server = FakeServer()
        with blynk_batch.Client("token", ring=BlockRing(device), transport=server, clock=FakeClock()) as client:
            assert len(list(client.points())) == len(list(client.points())) <= 5
            assert client.upload().error is None and client.pending == 0, client


def test_what_ends_sectors_behind_the_end_of_the_ring_is_not_looked_for_there():
    far = (1 << 29, 0)
    held = {HELD: (1,), RANGES: (0, 100) + far + (2, 1, 0, 1)}
    asked = {ASKED: (0, 100) + far + (1, 0, 0, 0, 100)}
    asked.update(held)
    for state in {BATCH: (1,) + far}, held, asked:
        ring = BlockRing(crafted([(record.STATE, encode_state(state))]))
        with blynk_batch.Client("token", ring=ring, transport=FakeServer(), clock=FakeClock()) as client:
            assert len(list(client.points())) >= 2
            assert client.upload().error is None and client.pending == 0, client


def test_each_ring_has_a_salt_of_its_own_and_keeps_it():
    salts = set()
    for _ in range(4):
        device = NorFlash(4)
        ring = BlockRing(device)
        salts.add(ring.salt)
        while ring.newest < 6:
            ring.log(0, START_MS, b"\x01", ["x" * 900])
        assert BlockRing(device).salt == ring.salt
        assert device.data[24:28] == ring.salt.to_bytes(4, "little")
    assert len(salts) == 4
    assert sector.VERSION == 2 and blynk_batch


def test_what_a_transport_raises_is_no_refusal_whatever_it_is():
    for kind in (blynk_batch.PinRefused, blynk_batch.BatchTooLarge, blynk_batch.InvalidToken):
        for days in (None, 1):  # with a question for the Date, since all has expired
            clock, server = FakeClock(), FakeServer(kind("mine"))
            ring = BlockRing(NorFlash(4))
            with blynk_batch.Client("token", ring=ring, transport=server, clock=clock, max_age_days=days) as client:
                for value in range(3):
                    client.log(1, value)
                clock.wait(2 * 86400000)
                result = client.upload()
                assert (result.requests, type(result.error), client.pending) == (1, kind, 3), result
                assert result.retry_after_s < 60 and not ring.get(HELD) and not client.stats()["stopped"], result
