"""The machine code of the inner loops against its twin in byte code, over random frames, whole and damaged."""

import random
from array import array

import hot_twin
from blynk_batch.ring import record

try:
    from blynk_batch.ring import hot
except SyntaxError:  # a port without the emitter
    hot = hot_twin

AT, LIMIT, COUNT, PASSED, FILLED, LEFT = 0, 1, 6, 7, 9, 10


def signed(number):
    return number - (1 << 32) if number & 0x80000000 else number


def frames(rnd, seed, how_many):
    """(bytes of frames as the ring writes them, and as it does not; where each starts)."""
    chain = record.Chain()
    now = rnd.choice((1648054765458, 1700000000000, 999999999990, 9999999900000))
    out = bytearray()
    starts = [0]
    pins = bytes((1,))
    points = 0
    chain.encode(0, now, pins, *record.encode_values([0]))
    for _ in range(how_many):
        now += rnd.choice((0, 1, 63, 1000, 60000, 60001, 90000000, -5))
        if rnd.random() < 0.4:
            pins = bytes([51 * number for number in range(5) if rnd.random() < 0.3] or [1])
            if rnd.random() < 0.1:
                pins += pins[:1]  # as no log_group() writes
        values = [value(rnd) for _ in pins]
        if rnd.random() < 0.1:
            chain.reset()
            out.extend(bytes(rnd.choice((0, 0, 1, 5))) + mark(rnd, points, seed))
        payload = chain.encode(rnd.choice((0,) * 40 + (3,)), max(0, now), pins, *record.encode_values(values))
        points += len(pins)
        out.extend(record.frame(0, payload, seed))
        if rnd.random() < 0.05:  # a delta as it should be, and values as they should not
            payload = bytes([64] + [rnd.getrandbits(8) for _ in range(rnd.randrange(1, 6))])
            out.extend(record.frame(0, payload, seed))
        if rnd.random() < 0.03:
            out.extend(rnd.choice((b"\x00", b"\xff", b"\x00\x00\x00", record.frame(record.STATE, b"abc", seed))))
            chain.reset()
        starts.append(len(out))
    if rnd.random() < 0.4 and out:
        out[rnd.randrange(len(out))] ^= 1 << rnd.randrange(8)
    if rnd.random() < 0.2:  # right checks, wrong content
        payload = bytes([rnd.getrandbits(8) for _ in range(rnd.randrange(1, 30))])
        out[0:0] = record.frame(0, payload, seed)
    return out, starts


def mark(rnd, points, seed):
    """A page's mark, sometimes the right one."""
    payload = bytearray()
    record.put_varint(payload, rnd.choice((0, 0, 0, 1, 1, 129)))
    record.put_varint(payload, points + rnd.choice((0, 0, 0, 100, 300, 300, 1)))
    record.put_varint(payload, rnd.choice((0, 3, 300)))
    return record.frame(record.MARK, payload[: rnd.choice((1, 2, 9, 9, 9, 9))], seed)


def value(rnd):
    kind = rnd.random()
    if kind < 0.5:
        return round(rnd.uniform(-50, 50), rnd.randrange(5))
    if kind < 0.9:
        return rnd.getrandbits(rnd.randrange(1, 30)) * rnd.choice((1, -1))
    return rnd.choice(("text", True, (1.5, -2.25), 1e-7, 1.5e30))


def run(module, buf, start, pin, room):
    """All that taking everything leaves behind, a frame skipped where it stops."""
    state = array("i", start)
    pins = bytearray(256)
    pins[0] = 1
    sink = array("i", [0] * 512) if pin > 255 else bytearray(room)
    taken = module.take(buf, state, pins, sink)
    return taken, list(state), bytes(pins[: state[COUNT]]), bytes(sink)


def test_both_take_the_same_frames_and_make_the_same_of_them():
    rnd = random
    rnd.seed(20)
    stops = points = marks = 0
    for case in range(1500):
        seed = rnd.getrandbits(30) << 2 | 1
        buf, starts = frames(rnd, seed, rnd.randrange(1, 14))
        for pin in (256, 1, 51, 204):
            at = rnd.choice(starts[:3] + [rnd.randrange(len(buf))])
            limit = rnd.choice((len(buf), rnd.randrange(len(buf) + 1)))
            start = [at, limit, rnd.choice((0, 60000)), rnd.getrandbits(22), rnd.choice((164805, 999999, 99999))]
            start += [signed(seed), 1, 0, pin, rnd.choice((0, 5)), rnd.choice((0, 1, 2, 100))]
            start += [rnd.choice((2, 1000)), rnd.choice((200, 1000000))]
            start += [rnd.choice((0, 0, 100, 300, 300)), rnd.choice((0, 0, 512)), 0]
            room = rnd.choice((200, 400, 1400))
            ours = run(hot, buf, start, pin, room)
            twins = run(hot_twin, buf, start, pin, room)
            assert ours == twins, (case, bytes(buf), start, ours, twins)
            points += ours[0]
            marks += ours[0] > 0 and bytes((record.MARK,)) in buf[at : ours[1][AT]]
            stops += ours[1][AT] < limit
    assert points > 2000 and stops > 500 and marks > 15, (points, stops, marks)


def test_both_write_what_the_frames_hold():
    seed = 0x9ABCDEF0
    chain = record.Chain()
    now = 1648054765458
    chain.encode(0, now, b"\x01\x02", *record.encode_values([0, 0]))
    buf = bytearray()
    for number in range(20):
        now += 60000
        buf.extend(
            record.frame(0, chain.encode(0, now, b"\x01\x02", *record.encode_values([number + 0.25, -number])), seed)
        )
    for module in (hot, hot_twin):
        out = bytearray(1400)
        pins = bytearray(b"\x01\x02") + bytearray(254)
        high, low = divmod(1648054765458, 10**7)
        state = array("i", [0, len(buf), 0, low, high, signed(seed), 2, 0, 2, 0, 3, 0, 0, 0, 0, 0])
        assert module.take(buf, state, pins, out) == 3
        assert out[: state[FILLED]] == b",[1648054825458,0],[1648054885458,-1],[1648054945458,-2]"
        assert (state[LEFT], state[PASSED]) == (0, 6)


def test_both_take_frames_of_up_to_64_bytes_and_leave_longer_ones_to_the_reader():
    seed = 0x9ABCDEF0
    high, low = divmod(1648054765458, 10**7)
    for size in (62, 63, 64, 65, 66):
        payload = b"\x40" + record.pack(b"1" * (2 * (size - 1)))
        buf = record.frame(0, payload, seed) + record.frame(0, b"\x40\x1d", seed) + bytes(8)
        for module in (hot, hot_twin):
            pins = bytearray(b"\x01") + bytearray(255)
            state = array("i", [0, len(buf) - 8, 60000, low, high, signed(seed), 1, 0, 1, 0, 9, 0, 0, 0, 0, 0])
            taken = module.take(buf, state, pins, bytearray(600))
            assert (taken, state[LEFT]) == ((2, 7) if size <= 64 else (0, 9)), (size, taken)


def test_neither_looks_at_what_lies_behind_the_buffer():
    seed = 0x9ABCDEF0
    chain = record.Chain()
    whole = bytes(3) + record.frame(record.MARK, b"\x00\x01\x00", seed)
    whole += record.frame(0, chain.encode(0, 1648054765458, b"\x01", *record.encode_values([21.5])), seed)
    for end in range(len(whole) + 1):
        start = [0, end, 0, 0, 0, signed(seed), 0, 0, 1, 0, 9, 0, 0, 1, 0, 0]
        ours = run(hot, memoryview(whole)[:end], start, 1, 200)  # what is right follows
        assert ours == run(hot_twin, whole[:end], start, 1, 200), end
        assert ours[0] == (end == len(whole))
