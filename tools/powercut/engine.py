"""Cuts the power at every change of a recorded workload, opens what is left, and judges it.

The image before change k is built up step by step, so that a cut costs its recovery and its check only. After every
cut: each reading whose log() returned is there, in order, once; nothing else is, but the frame under way whole or not
at all; `pending` agrees; at least 40 more are logged; all are there after another opening; all of them leave.
Knows neither rings nor flash beyond recording.py and tear.py.
"""

import random
from binascii import crc32

import tear
from recording import Expected, Recording

GROUP = 3  # points in each frame logged after a cut, but the first
MORE = 1 + 13 * GROUP
_SPREAD = 40
PAIRS_EVERY = 40  # one cut in so many is followed by cuts in its recovery and in the first log() after it
_PAIRS_MOST = 12
_THIRDS_EVERY = 4  # one of those in so many by a third
_THIRDS_MOST = 3
# What is left of a change, see tools/sim/tear.py. On littlefs a torn program is a prefix, or random behind it.
_MODES = {
    "program": ("prefix", "random", "late", "suffix", "weak"),
    "erase": ("prefix", "random", "zeros", "weak", "suffix", "late"),
    "write": ("prefix", "random", "suffix"),
}
_MODES_OF_LITTLEFS = {"program": ("prefix", "random"), "erase": _MODES["erase"], "write": ("prefix", "random")}


class Broken(Exception):
    """An invariant does not hold."""


class Cut:
    """The power goes during change `index`, after `byte` of its bytes; `then` a second cut in what came after."""

    def __init__(self, index, byte, mode, then=None):
        self.index, self.byte, self.mode, self.then = index, byte, mode, then

    def __str__(self):
        text = "%d:%d:%s" % (self.index, self.byte, self.mode)
        return "%s+%s" % (text, self.then) if self.then else text


class Image:
    """The bytes of a device, and which of them are weak."""

    def __init__(self, data, weak=()):
        self.data, self.weak = bytearray(data), dict(weak)

    def device(self, recording):
        device = recording.medium.make(self.data)
        device.weak = dict(self.weak)
        return device

    def apply(self, change):
        tear.apply(self.data, self.weak, change)

    def torn(self, change, cut):
        """What that cut leaves; depends on nothing but the arguments, as what weak bits read from then on."""
        left = Image(self.data, self.weak)
        seed = cut.index * 65536 + cut.byte
        tear.tear(left.data, left.weak, change, cut.byte, cut.mode, seed)
        random.seed(seed)
        return left


def parse(text):
    """The Cut that `str` gave."""
    first, _, then = text.partition("+")
    index, byte, mode = first.split(":")
    return Cut(int(index), int(byte), mode, parse(then) if then else None)


class Dice:
    """dice(limit): a number below it, from `seed` alone; `random` is for what weak bits read."""

    def __init__(self, seed):
        self._state = seed

    def __call__(self, limit):
        self._state = crc32(b"%d" % self._state)
        return self._state % limit


def bytes_to_cut(change, image, every, dice):
    """Where in a change the cuts fall: `every` of the bytes that change, 0 for all of a program's. They are the first,
    the last, and between them one that `dice` draws from each equal share; two are the first and a drawn one."""
    operation, address, new = change
    places = range(len(new))
    if operation == "program":
        places = [index for index in places if new[index] != image[address + index]] or [0]
    count = min(len(places), every or (len(places) if operation == "program" else _SPREAD))
    if count == len(places):
        return places
    drawn = [places[(index * len(places) + dice(len(places))) // count] for index in range(count)]
    if count > 1:
        drawn[0] = places[0]
    if count > 2:
        drawn[-1] = places[-1]
    return drawn


def modes_of(recording, change, image, number):
    """Two ways to tear a change: others for each `number`."""
    medium = recording.medium
    if not medium.garbles(image, change):
        return ("prefix",)
    modes = (_MODES_OF_LITTLEFS if medium.board else _MODES)[change[0]]
    return [modes[(number + index) % len(modes)] for index in range(2)]


# Judging


def check(handle, expected):
    """(the readings there, where they end); Broken if they are not as expected."""
    found = handle.readings()
    handle.check(len(found))
    if handle.pending != len(found):
        raise Broken("pending %d, readings %d" % (handle.pending, len(found)))
    for end in expected.ends:
        if _agrees(found, end, expected):
            return found, end
    text = "found %s, expected an end before %r, a start in %r"
    raise Broken(text % (_short(found), expected.ends, expected.starts))


def _agrees(found, end, expected):
    first, last = expected.starts
    if not expected.gone and not expected.maybe:
        start = end - len(found)
        return first <= start <= last and found == list(range(start, end))
    left = [number for number in range(first, end) if number not in expected.gone]
    return found == left or found == [number for number in left if number not in expected.maybe]


def _short(found):
    return repr(found) if len(found) < 12 else "%r...%r, %d" % (found[:5], found[-5:], len(found))


class Survivor:
    """What one cut left, opened and put to the test. `changes` were made by recovery (`recovery` of them) and by the
    first log() after it."""

    def __init__(self, recording, image, expected):
        self._recording = recording
        self._before, self._weak = expected, dict(image.weak)
        device = image.device(recording)
        device.journal = self.changes = []
        handle = recording.open(device)
        self.found, self.end = check(handle, expected)
        self.recovery = len(self.changes)
        self._left = self.found
        self._log(handle, self.end, 1)
        self._start_after = self.end + 1 - len(self._left)
        device.journal = None
        for number in range(self.end + 1, self.end + MORE, GROUP):
            self._log(handle, number, GROUP)
        device = device.revive()
        handle.leave()
        self._open_again(device)

    def _log(self, handle, number, count):
        dropped = handle.dropped
        if not handle.log(number, count):  # a full ring that refuses takes more once it has been drained
            self._must_leave(handle)
            self._left = []
            if not handle.log(number, count):
                raise Broken("refused %d after a drain" % number)
        self._left = self._left[handle.dropped - dropped :] + list(range(number, number + count))

    def expected(self, index):
        """If the power goes again during the change `index` of `changes`."""
        end, start = self.end, self.end - len(self.found)
        if self.found != list(range(start, end)):  # gaps: pins are delivered one by one
            there = set(self.found)
            return Expected((end, end + 1), (0, 0), [number for number in range(end) if number not in there])
        if index < self.recovery:
            return self._before if self._is_weak(index) else Expected((end,), (start, start))
        return Expected((end, end + 1), (start, self._start_after))

    def _is_weak(self, index):
        """True if bits still read either way then: until recovery has seen to them it can find one thing or another."""
        for change in self.changes[:index]:
            tear.settle(self._weak, change)
        return bool(self._weak)

    def _open_again(self, device):
        handle = self._recording.open(device)
        found = handle.readings()
        if found != self._left:
            raise Broken("after %d more and opening again: %s" % (MORE, _short(found)))
        self._must_leave(handle)
        handle.leave()

    def _must_leave(self, handle):
        sent = handle.drain()
        if sent not in (None, self._left) or handle.pending:
            text = "a drain sent %s of %s, %d left"
            raise Broken(text % (_short(sent or []), _short(self._left), handle.pending))


# All cuts of a workload


def cuts(recording, every, part, parts, dice):
    """(cut, image before the change) in order."""
    image = Image(recording.first)
    number = dice(60)
    for index, change in enumerate(recording.journal):
        if index % parts == part:
            for byte in bytes_to_cut(change, image.data, every, dice):
                number += 1
                for mode in modes_of(recording, change, image.data, number):
                    yield Cut(index, byte, mode), image
        image.apply(change)


def run(recording, every, part=0, parts=1, seed=0):
    """Cut everywhere; gives (cuts survived, [(cut, reason)]). What is drawn comes from `seed`."""
    done, failed = 0, []
    dice = Dice(seed)
    pairs_at = dice(PAIRS_EVERY)
    for number, (cut, image) in enumerate(cuts(recording, every, part, parts, dice)):
        torn = image.torn(recording.journal[cut.index], cut)
        try:
            survivor = Survivor(recording, torn, recording.expected(cut.index))
            done += 1
            if not number or number % PAIRS_EVERY == pairs_at:
                done += _cut_again(recording, cut, cut, torn, survivor, failed, _PAIRS_MOST)
        except Exception as error:
            failed.append((cut, repr(error)))
    return done, failed


def _cut_again(recording, first, cut, image, survivor, failed, most):
    """The power goes a second time, during what came after `cut`, and of some a third; `first` is what began it."""
    done = 0
    image = Image(image.data, image.weak)
    for index, change in enumerate(survivor.changes[:most]):
        for mode in modes_of(recording, change, image.data, index + cut.index):
            cut.then = Cut(index, len(change[2]) * (index % 4) // 4, mode)
            try:
                torn = image.torn(change, cut.then)
                after = Survivor(recording, torn, survivor.expected(index))
                done += 1
                if most == _PAIRS_MOST and index % _THIRDS_EVERY == 1:
                    done += _cut_again(recording, first, cut.then, torn, after, failed, _THIRDS_MOST)
            except Exception as error:
                failed.append((parse(str(first)), repr(error)))
        image.apply(change)
    cut.then = None
    return done


def replay(recording, cut):
    """That one again, with those that follow: raises what it raised."""
    image, changes, expected = Image(recording.first), recording.journal, recording.expected
    while cut:
        if cut.index >= len(changes):
            raise Broken("it has no change %d, only %d" % (cut.index, len(changes)))
        count = len(changes[cut.index][2])
        if cut.byte > count:
            raise Broken("change %d has no byte %d, only %d" % (cut.index, cut.byte, count))
        if cut.mode not in tear.MODES:
            raise Broken("%r is none of %s" % (cut.mode, ", ".join(tear.MODES)))
        for change in changes[: cut.index]:
            image.apply(change)
        image = image.torn(changes[cut.index], cut)
        survivor = Survivor(recording, image, expected(cut.index))
        changes, expected, cut = survivor.changes, survivor.expected, cut.then


def brown_outs(store, medium, times):
    """Each boot dies in the first bytes of its first reading, `times` in a row; then 40 more. Raises Broken."""
    recording = Recording(store, medium, "brown-outs")
    image = recording.device.image()
    end = recording.logged
    for number in range(times):
        device = recording.medium.make(image)
        handle = recording.open(device)
        device.cut_at(0, 1 + number % 5, ("prefix", "random")[number & 1], number)
        try:
            handle.log(end, 1)
            raise Broken("the power did not fail")
        except OSError:
            image = device.image()
            handle.leave()
        handle = recording.open(recording.medium.make(image))
        end = check(handle, Expected((end, end + 1), (0, 0)))[1]
        handle.leave()
    Survivor(recording, Image(image), Expected((end,), (0, 0)))
