"""Cuts the power at every change of a workload and judges what is left.

A workload runs once, with a journal of every change to the device. The image before change k is then built up step by
step, so that a cut costs its recovery and its check only. The invariants: every reading whose log() returned is there,
in order, once; nothing else is, but the step under way whole or not at all; `pending` agrees; new readings are taken.
Knows neither rings nor flash beyond stores.py and tear.py.
"""

from stores import MEDIA, STORES
from tear import torn

MORE = 40
_SPREAD = 40
# Steps: (log, count) points in one frame, (ack, count), boot: close and open again. Before the cuts begin:
# (fill, count) single readings, or (brink, n): as many as fit before one turns the sector numbered n.
WORKLOADS = {
    "singles": ([("log", 1)] * 60, False),
    "groups": ([("log", 3)] * 50, False),
    "strings": ([("log", 1)] * 50, True),
    "boots": ([("log", 1), ("boot", 0)] * 30, False),
    "acks": (([("log", 1)] * 12 + [("ack", 7)]) * 6, False),
    "turn": ([("fill", 340)] + [("log", 1)] * 120, False),
    "turnover": ([("brink", 0), ("log", 1)], False),
    "lap": ([("brink", 4), ("log", 1)], False),  # the ring is full: a sector is dropped and erased
    "brown-outs": ([("log", 1)] * 20, False),
    "wrap": ([("fill", 1500)] + [("log", 2)] * 400, False),
}


class Broken(Exception):
    """An invariant does not hold."""


class Recording:
    """A finished workload: the image it started from, its changes, and the state after each step."""

    def __init__(self, store, medium, workload):
        self.make, self.board = MEDIA[medium]
        self.store = STORES[store]
        steps, self.strings = WORKLOADS[workload]
        self.device = self.make(None)
        self.open(self.device).close()
        self.logged = self.acked = 0
        journal = []
        self.marks = []
        handle = self.open(self.device)
        for name, count in steps:
            if name in ("fill", "brink"):
                if name == "brink":
                    handle.close()
                    count = self.readings_before_turn(count)
                    handle = self.open(self.device)
                for _ in range(count):
                    handle = self.step(handle, "log", 1)
                self.device.journal = journal
                self.first = self.device.image()
                self.mark(handle)
                continue
            if self.device.journal is None:
                self.device.journal = journal
                self.first = self.device.image()
                self.mark(handle)
            handle = self.step(handle, name, count)
            self.mark(handle)
        self.journal = journal
        handle.leave()

    def open(self, device):
        return self.store(device, self.board, self.strings)

    def readings_before_turn(self, sector):
        handle = self.open(self.device.revive())
        count = 0
        while handle.sector <= sector:
            handle.log(count, 1)
            count += 1
        handle.leave()
        return count - 1

    def step(self, handle, name, count):
        if name == "log":
            handle.log(self.logged, count)
            self.logged += count
        elif name == "ack":
            before = handle.pending
            handle.ack(count)
            self.acked += before - handle.pending
        else:
            handle.close()
            handle = self.open(self.device)
        return handle

    def mark(self, handle):
        self.marks.append((len(self.device.journal), self.logged, max(self.acked + handle.dropped, 0)))


def cut_bytes(change, image, every):
    """Where in a change the cuts fall: a spread of `every` over the bytes that change; 0 is all of a program's."""
    operation, address, new = change
    places = range(len(new))
    if operation == "program":
        places = [index for index in places if new[index] != image[address + index]] or [0]
    count = min(len(places), every or (len(places) if operation == "program" else _SPREAD))
    return [places[index * len(places) // count] for index in range(count)]


def cut_modes(recording, operation):
    """What littlefs does not withstand is asked of raw flash only; an erase or a block has no such case."""
    return ("prefix", "random") if recording.board or operation != "program" else ("prefix", "random", "late")


def check(handle, low, high):
    """Raises Broken, or gives (first, last + 1) of the readings."""
    found = handle.readings()
    end = low[1] if not found else found[-1] + 1 if isinstance(found[-1], int) else -1
    start = end - len(found)
    if found != list(range(start, end)):
        raise Broken("not in order or invented: %r" % found[-5:])
    if end not in (low[1], high[1]):
        raise Broken("ends at %d, logged %d to %d" % (end, low[1], high[1]))
    if found and not low[2] <= start <= high[2]:
        raise Broken("starts at %d, delivered or dropped %d to %d" % (start, low[2], high[2]))
    if not found and low[1] > high[2]:
        raise Broken("empty, logged %d" % low[1])
    if handle.pending != len(found):
        raise Broken("pending %d, readings %d" % (handle.pending, len(found)))
    return start, end


def survive(recording, image, low, high, thorough):
    """Open, check; if `thorough` log 40 more, open again, check, drain. Gives the changes that recovery made."""
    device = recording.make(image)
    device.journal = []
    handle = recording.open(device)
    start, end = check(handle, low, high)
    changes = device.journal
    device.journal = None
    if thorough:
        dropped = handle.dropped
        for number in range(end, end + MORE):
            handle.log(number, 1)
        start = start + handle.dropped - dropped
        handle.leave()
        device = device.revive()
        handle = recording.open(device)
        exact = (0, end + MORE, start)
        check(handle, exact, exact)
        handle.ack(handle.pending)
        if handle.pending:
            raise Broken("%d left after a drain" % handle.pending)
    handle.leave()
    return changes


def apply(image, change):
    image[change[1] : change[1] + len(change[2])] = change[2]


def tear(image, change, byte, mode, seed):
    operation, address, data = change
    result = bytearray(image)
    result[address : address + len(data)] = torn(
        operation, image[address : address + len(data)], data, byte, mode, seed
    )
    return result


def cuts(recording, every):
    """(change number, byte, mode, image before the change, its low and high mark) in order."""
    image = bytearray(recording.first)
    mark = 0
    for index, change in enumerate(recording.journal):
        while recording.marks[mark + 1][0] <= index:
            mark += 1
        for byte in cut_bytes(change, image, every):
            for mode in cut_modes(recording, change[0]):
                yield index, byte, mode, image, recording.marks[mark], recording.marks[mark + 1]
        apply(image, change)


def run(recording, every, part=0, parts=1, only=None, thorough_every=5, pairs_every=7):
    """Cut everywhere; gives (cuts, [(case, reason)]). `only` = (change, byte, mode) replays that one."""
    done, failed = 0, []
    for number, (index, byte, mode, image, low, high) in enumerate(cuts(recording, every)):
        if only and (index, byte, mode) != only or not only and index % parts != part:
            continue
        image = tear(image, recording.journal[index], byte, mode, number)
        try:
            changes = survive(recording, image, low, high, bool(only) or number % thorough_every == 0)
            done += 1
            if changes and (only or number % pairs_every == 0):
                done += cut_recovery(recording, image, changes, low, high)
        except Exception as error:
            failed.append(((index, byte, mode), repr(error)))
    return done, failed


def cut_recovery(recording, image, changes, low, high):
    """The power goes again during each change of the recovery."""
    done = 0
    image = bytearray(image)
    for change in changes[:8]:
        size = len(change[2])
        for mode in ("prefix", "random"):
            survive(recording, tear(image, change, size // 2, mode, size), low, high, True)
            done += 1
        apply(image, change)
    return done


def brown_outs(medium, times):
    """Each boot dies in the first bytes of its first reading; gives how many of the 20 before them and of those
    under way are there in the end. Raises Broken."""
    recording = Recording("ring", medium, "brown-outs")
    image = recording.device.image()
    mark = recording.marks[-1]
    for number in range(times):
        device = recording.make(image)
        handle = recording.open(device)
        device.cut_at(0, 1 + number % 5, ("prefix", "random")[number & 1], number)
        try:
            handle.log(mark[1], 1)
            raise Broken("the power did not fail")
        except OSError:
            handle.leave()
        image = device.image()
        handle = recording.open(recording.make(image))
        end = check(handle, mark, (0, mark[1] + 1, 0))[1]
        handle.leave()
        mark = (0, end, 0)
    survive(recording, image, mark, mark, True)
    return mark[1]
