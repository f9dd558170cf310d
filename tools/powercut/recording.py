"""A workload done once, with a journal of every change to the device: what each power cut starts from.

`expected(index)` says what must be there if the power goes during change `index`, from what had returned by then.
Knows steps and stores; not what a cut leaves.
"""

from clients import ClientStore, Server
from media import MEDIA
from stores import NaiveStore, RingStore
from workloads import WORKLOADS

STORES = {"ring": RingStore, "naive": NaiveStore}


class Expected:
    """ends    the readings there end before one of these;  starts  and begin within these two bounds, inclusive
    gone    numbers delivered for sure, out of the readings' order;  maybe  numbers of which all are there or none"""

    def __init__(self, ends, starts, gone=(), maybe=()):
        self.ends, self.starts, self.gone, self.maybe = ends, starts, gone, maybe


class Recording:
    """`first` is the device's image before the first change of `journal`, a list of (operation, address, bytes)."""

    def __init__(self, store, medium, workload):
        self.medium = MEDIA[medium]
        self.workload = WORKLOADS[workload]
        self._store = ClientStore if self.workload.client else STORES[store]
        self.kinds = bytearray()
        self.server = Server()
        self.device = self.medium.make(None)
        self.logged = self.acked = 0
        self.journal = []
        self._marks = [(0, 0, 0)]  # (changes so far, logged, the first that is pending) after each step
        if self.workload.fresh:
            self.medium.format(self.device)
            self.device.journal = self.journal
            self.first = self.device.image()
        else:
            self.open(self.device).close()
        self.server.device = self.device
        handle = self.open(self.device)
        for name, count in self.workload.steps:
            if name in ("fill", "brink", "settle"):
                handle = self._fill(handle, name, count)
                continue
            if self.device.journal is None:
                self._start(handle)
            handle = self._step(handle, name, count)
            self._mark(handle)
        self.device.journal = None
        handle.leave()
        self.batches = self.server.batches
        self.server.device = None

    def open(self, device):
        return self._store(self.medium, device, self.workload, self.kinds, self.server)

    def _start(self, handle):
        self.device.journal = self.journal
        self.first = self.device.image()
        self._marks = []
        self._mark(handle)

    def _fill(self, handle, name, count):
        if name == "settle":
            return self._step(handle, "ack", handle.pending - count)
        if name == "brink":
            handle.close()
            count = self._before_turn(count)
            handle = self.open(self.device)
        for _ in range(count):
            handle = self._step(handle, "log", 1)
        return handle

    def _before_turn(self, sector):
        """How many readings fit before one turns that sector."""
        handle = self.open(self.device.revive())
        count = 0
        while handle.sector <= sector:
            self.kinds.append(self.workload.kind)
            handle.log(count, 1)
            count += 1
        handle.leave()
        return count - 1

    def _step(self, handle, name, count):
        if name == "log":
            while len(self.kinds) < self.logged + count:
                self.kinds.append(self.workload.kind)
            if handle.log(self.logged, count):
                self.logged += count
        elif name == "ack":
            before = handle.pending
            handle.ack(count)
            self.acked += before - handle.pending
        elif name == "upload":
            handle.upload(count)
        elif name == "clear":
            handle.clear()
        else:
            handle.close()
            handle = self.open(self.device)
        return handle

    def _mark(self, handle):
        self._marks.append((len(self.journal), self.logged, self.acked + handle.dropped))

    def expected(self, index):
        after = 1
        while self._marks[after][0] <= index:
            after += 1
        low, high = self._marks[after - 1 : after + 1]
        gone, maybe = [], []
        for changes, numbers in self.batches:
            if changes <= index:
                gone.extend(maybe)
                maybe = numbers
        return Expected((low[1], high[1]), (low[2], high[2]), gone, maybe)
