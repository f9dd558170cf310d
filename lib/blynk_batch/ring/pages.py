"""Where in a sector a frame goes: pages of 512 bytes, whose first frame is a mark.

A mark says how many points the sector has before it, and what state has changed since the sector began. So opening
reads one page frame by frame, and after damage reading goes on at the next page. Deltas stay within a page. Knows bytes
that wait to be written; log.py writes them.

    page   [filler] mark | frame | frame ... | filler, where the next frame does not fit
    mark   a frame whose payload is   page (varint) | points of the sector before it (varint) | twice the page whose
           mark has the state, + 1 if frames behind that say more (varint) | state entries, if that page is this one
"""

# pyright: reportAttributeAccessIssue=false
# The other half of these attributes is log.py's.

from micropython import const

from . import record
from .record import PAGE
from .state import DONE, DONE_TOO, State, encode_state, is_done

# Bytes that all other frames leave free: for two drop frames, since a cut can tear one (3 of head, OLDEST in 2 + 5,
# RECOUNT in 2 + 1, 3 of check), and for a mark of up to 16. Filling these up to the medium's units comes on top
_DROP_RESERVE = const(48)
_MARK_STATE = const(160)  # bytes of state in a page's mark; where more has changed, opening reads more than a page


class Pages(State):
    """The newest sector of a ring as frames are placed in it."""

    def __init__(self):
        super().__init__()
        self._frame = bytearray()  # the one being placed: all use the same memory

    def note_saved(self, keys):
        """A state frame with `keys` is there."""
        self.changed.update(keys)
        self.state_at |= 1
        self._done = self.state.get(DONE, b"")

    def entries(self, keys):
        """The bytes of a state frame with `keys`; of DONE, which grows pin by pin, the new pins if that is shorter."""
        done, before = self.state.get(DONE, b""), self._done
        if DONE in keys and before is not None:
            added = bytes([pin for pin in range(8 * len(done)) if is_done(done, pin) and not is_done(before, pin)])
            left = int.from_bytes(before, "little") & ~int.from_bytes(done, "little")
            if not left and len(added) < len(done):
                return encode_state(self.state, set(keys).difference((DONE,))) + bytes((DONE_TOO, len(added))) + added
        return encode_state(self.state, keys)

    def begin_pages(self, first):
        """The newest sector has only its header yet; its first frame will be at `first`."""
        self.seed = record.seed(self.newest, self.medium.slot(self.newest), self.salt)
        self.first, self.page = first, (first - 1) // PAGE  # page: that frames go to; -1: a mark must come first
        self.state_at = 0  # which page's mark has the state, as the next mark says it
        self._done = self.state.get(DONE, b"")
        self.data_end = self.medium.sector_bytes - _DROP_RESERVE - 4 * self.medium.unit

    def add_data(self, boot, time, pins, kinds, body):
        """Have a data frame wait for commit(), its points counted: no jump, where Ctrl-C could come, lies in between.
        The arguments are those of encode(). False if the sector has no room for it."""
        frame = self.framed(0, self.chain.encode(boot, time, pins, kinds, body), self._frame)
        end = self.offset + len(self.waiting)
        last = end + len(frame) - 1
        if not self.sealed and end // PAGE == self.page == last // PAGE and last < self.data_end:
            self.waiting.extend(frame)
            self.buffered_points += len(pins)
            return True
        self.chain.reset()  # a page's first reading does not refer to one before
        is_placed = self.place(0, self.chain.encode(boot, time, pins, kinds, body))
        self.buffered_points += is_placed * len(pins)
        return is_placed

    def place(self, kind, payload, is_drop=False):
        """Have a frame wait for commit(), behind filler and a mark if it begins a page: a data frame has to be absolute
        there. False if the sector has no room for it beside the drop frame's. `is_drop`: it is that frame, whose mark
        carries no other state."""
        frame = self.framed(kind, payload, self._frame)
        size = len(frame)
        end = self.offset + len(self.waiting)
        page, at = divmod(end, PAGE)
        lead = b""
        has_state = False
        # A frame longer than a page crosses pages, and comes right behind the header or a mark.
        if (page != self.page or at + size > PAGE) and (end != self.first or size <= PAGE):
            lead, has_state = self._mark(page, not is_drop)
            if at and at + len(lead) + size > PAGE:
                lead, has_state = self._mark(page + 1, not is_drop)
                lead = bytes(PAGE - at) + lead
        last = end + len(lead) + size
        if self.sealed or last > (self.medium.sector_bytes if is_drop else self.data_end):
            return False
        state_at, done = self.state_at, self._done
        if has_state:
            self.changed.update(self.dirty)
            state_at, done = state_at | 1, self.state.get(DONE, b"")
            if not at or lead[0] == record.FILLER:  # opening finds a mark where its page starts only
                state_at = (end + len(lead) - 1) // PAGE << 1
        if lead and kind:
            self.chain.reset()  # no reading refers to one before a mark
        self.waiting.extend(lead)
        self.waiting.extend(frame)
        self.page, self.state_at, self._done = (last - 1) // PAGE, state_at, done  # last: now the mark is there
        return True

    def _mark(self, page, may_carry):
        """(the mark of `page`, True if it carries the state that changed in this sector)."""
        payload = bytearray()
        record.put_varint(payload, page)
        record.put_varint(payload, self.number + self.buffered_points - self.first_number)
        has_state = bool(self.state_at & 1 or self.dirty)
        entries = encode_state(self.state, self.changed | self.dirty) if has_state else b""
        at = page << 1 if has_state else self.state_at
        if not may_carry or len(entries) > _MARK_STATE:
            has_state, entries, at = False, b"", self.state_at | 1
        record.put_varint(payload, at)
        return self.framed(record.MARK, payload + entries, bytearray()), has_state

    def framed(self, kind, payload, out):
        """`out`, with the bytes of a frame in the newest sector, as many as the medium's unit asks for."""
        record.frame(kind, payload, self.seed, out)
        unit = self.medium.unit
        if unit > 1:
            out.extend(b"\xff" * (-len(out) % unit))
        return out
