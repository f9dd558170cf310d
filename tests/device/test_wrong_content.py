"""Frames whose check is right and whose content is not: nothing in a ring ends in upload(), points(), stats()."""

import json
import random
import sys
from binascii import unhexlify

import blynk_batch
from blynk_batch.ring import record, state as keys
from flash import NorFlash
from stand_ins import NOW_MS, FakeClock

HEAP = "16m"
SEEDS = 30 if sys.platform == "webassembly" else 100  # that port frees no memory while a test runs

VALUES = ([21.5], [-3], [True], ["text"], [(24.9, 60.17)], [1, 2], ["a", 2], [1e-07, (1, 2)])


class Server:
    """Takes what is JSON as a batch should be; the rest it refuses in words of its own."""

    def __init__(self):
        self.requests = 0
        self.stored = []

    def post(self, url, headers, body, timeout_s):
        text = b"".join([bytes(chunk) for chunk in body])
        assert int(headers["Content-Length"]) == len(text)
        self.requests += 1
        try:
            for _ms, value in json.loads(text):
                self.stored.append(value)
        except (ValueError, TypeError):
            return 400, {}, b'{"error":{"message":"That is no JSON."}}'
        return 200, {}, b"OK"


def wrong_payload():
    """A data frame's payload with some of its bytes changed, or cut short, or made up."""
    if random.randrange(4) == 0:
        return bytes([random.getrandbits(8) for _ in range(random.randrange(1, 40))])
    values = random.choice(VALUES)
    pins = bytes(range(1, 1 + len(values)))
    payload = record.Chain().encode(random.choice((0, 0, 1)), NOW_MS, pins, *record.encode_values(values))
    for _ in range(random.randrange(1, 4)):
        payload[random.randrange(len(payload))] = random.getrandbits(8)
    return bytes(payload[: random.randrange(1, len(payload) + 1)] if random.randrange(3) == 0 else payload)


def wrong_state():
    """Entries of numbers that no ring wrote."""
    state = {}
    known = list(range(1, 15)) + [20, 21, 22, 32, 33, 34, 35, 38, 39] + list(range(48, 52)) + [64, 65, 66, 67]
    for _ in range(random.randrange(1, 6)):
        key = random.choice(known + [keys.RANGES + random.randrange(16) for _ in range(20)] + [0x90, 0xA0, 0xA2, 0xA3])
        if key >= 0x80:
            state[key] = bytes([random.getrandbits(8) for _ in range(random.randrange(1, 40))])
            continue
        most = random.choice((1, 3, 8, 16, 40, 60))
        count = 9 if key == keys.ASKED else random.choice((1, 2, 3, 4, 5, 8, 9, 11))
        state[key] = tuple([random.getrandbits(30) % (1 << min(most, 30)) << max(0, most - 30) for _ in range(count)])
    return bytes(keys.encode_state(state))


def open_client(device, clock, server):
    blynk_batch.client._open_rings.clear()
    ring = blynk_batch.BlockRing(device)
    return blynk_batch.Client("token", ring=ring, clock=clock, transport=server, server="http://localhost")


def look_and_drain(client, clock):
    for _ in client.points():
        pass
    client.stats()
    repr(client)
    for _ in range(3):
        result = client.upload()
        assert not isinstance(result.error, (TypeError, AttributeError, AssertionError, IndexError)), repr(result.error)
        clock.wait(86400000)
    client.release(1)


def test_whatever_frames_a_ring_holds_nothing_raises_and_every_drain_ends():
    for seed in range(SEEDS):
        random.seed(seed)
        device, clock, server = NorFlash(8), FakeClock(), Server()
        client = open_client(device, clock, server)
        try:
            for number in range(random.randrange(1, 30)):
                client.log(9, 1000 + number)
                clock.wait(1000)
                kind = random.randrange(8)
                if kind < 3:
                    client.ring.put(0, wrong_payload())
                    client.ring.chain.reset()  # the readings after it are to be right
                elif kind == 3 and seed & 1:
                    client.ring.put(record.STATE, wrong_state())
                elif kind == 4 and random.randrange(4) == 0:
                    client.ring.put(record.ANCHOR, bytes([random.getrandbits(8) for _ in range(random.randrange(12))]))
            look_and_drain(client, clock)
            client = open_client(device, clock, server)
            look_and_drain(client, clock)
            client.log(9, 5000)
            for _ in range(4):
                client.upload()
                clock.wait(86400000)
            assert server.requests < 400, server.requests
            assert seed & 1 or 5000 in server.stored, "a good reading waits"
        except Exception:
            print("seed", seed)
            raise


def test_a_window_that_cannot_be_is_no_window_and_what_is_new_arrives():
    def fed():
        feeds.append(1)
        assert len(feeds) < 1000, "the drain does not end"

    for moved in (-30, 0, 400):
        for more in (-3, 0, 1, 5, 100):
            for state in ({keys.WINDOW: True}, {keys.WINDOW: True, keys.DELIVERED: (200,)}, {keys.DELIVERED: (2,)}):
                device, clock, server = NorFlash(8), FakeClock(), Server()
                client = open_client(device, clock, server)
                for number in range(20):
                    client.log(9, number)
                    clock.wait(1000)
                client.upload()
                client.log(9, 20)
                sequence, offset, number = client.ring.cursor()
                for key in state:
                    window = (sequence, offset + moved, number + more, 0, NOW_MS)
                    client.ring.set(key, window if state[key] is True else state[key])
                client.ring.save()
                client = open_client(device, clock, server)
                feeds = []
                for value in (None, 5000):
                    if value:
                        client.log(9, value)
                    client.upload(watchdog=fed)
                    clock.wait(86400000)
                case = moved, more, state, client.stats()
                assert set(server.stored) == set(range(21)) | {5000}, case
                assert client.pending == 0, case


def assert_passed(payloads):
    """Data frames with these payloads are passed, and the reading behind each arrives, in one request."""
    device, clock, server = NorFlash(8), FakeClock(), Server()
    client = open_client(device, clock, server)
    for payload in payloads:
        client.ring.put(0, bytes(payload))
        client.ring.chain.reset()
        client.log(9, 5000)
    result = client.upload()
    assert not result.error and client.pending == 0, (repr(client), result.error)
    assert server.stored == [5000] * len(payloads) and server.requests == 1


def test_a_group_that_names_a_pin_twice_is_passed_and_what_follows_arrives():
    groups = ([1, 2], ["a text", 2], [2, "a text"])
    assert_passed([record.Chain().encode(0, NOW_MS, bytes((9, 9)), *record.encode_values(values)) for values in groups])


def test_a_value_or_pins_longer_than_their_frame_are_not_read_from_the_next_one():
    text = record.Chain().encode(0, NOW_MS, bytes((9,)), *record.encode_values(["abc"]))
    pins = record.Chain().encode(0, NOW_MS, bytes(range(1, 13)), *record.encode_values([1] * 12))
    assert_passed([text[:-1], text[:-3], pins[:-13]])


def test_what_refers_to_a_frame_that_cannot_be_read_is_passed_with_it():
    group = record.Chain().encode(0, NOW_MS, bytes((9, 9)), *record.encode_values([1, 2]))
    device, clock, server = NorFlash(8), FakeClock(), Server()
    client = open_client(device, clock, server)
    client.log(9, 6)
    for payload in (group, b"\x40\x7d"):  # 7, in step with the frame before
        client.ring.put(0, bytes(payload))
    client.ring.chain.reset()
    client.log(9, 5000)
    assert not client.upload().error and server.stored == [6, 5000], server.stored


NO_NUMBERS = ("1-2", "--", ".", "e5", "-", "1.", ".5", "007", "-01", "1e", "1e-", "1.e5", "1e5.", "[1]", "1]", "[,]")
NO_LISTS = ("1,,2", "1,2", "[1,2", "[[1,2],3]", "[1,2]3", ",")  # none of a frame's numbers is known beside one of these


def pack_anything(text):
    digits = "".join(["0123456789abcdef"["0123456789.-e,[]".find(chr(symbol))] for symbol in text])
    return unhexlify(digits + "d" * (len(digits) & 1))


def test_what_is_no_number_is_counted_corrupt_and_passed_alone_and_in_a_group():
    real, real_pack = record.number_text, record.pack
    record.pack = pack_anything
    texts = {}
    record.number_text = lambda value: texts.get(value) or real(value)
    device, clock, server = NorFlash(32), FakeClock(), Server()
    client = open_client(device, clock, server)
    good = corrupt = 0
    for number, text in enumerate(NO_NUMBERS + NO_LISTS):
        texts[100 + number] = text.encode()
        for group in ({9: 100 + number}, {8: 5, 9: 100 + number, 10: -3.5}, {8: "text", 9: 100 + number}):
            client.log(9, 1)
            clock.wait(1000)
            client.log_group(group)
            clock.wait(1000)
            lost = len(group) if text in NO_LISTS and "text" not in group.values() else 1
            good, corrupt = good + 1 + len(group) - lost, corrupt + lost
    record.number_text, record.pack = real, real_pack
    assert len([None for _ in client.points()]) == good
    result = client.upload()
    assert (result.error, result.uploaded, result.pending, len(server.stored)) == (None, good, 0, good), result
    assert client.stats()["corrupt"] == corrupt, (client.stats(), corrupt)
