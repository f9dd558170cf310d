"""Whether the clock can be believed, by the Date of the server's replies: no reading expires by one that is wrong.

date.py has what is rare: a clock that is not set, and a question before the first point expires. A file of its own,
since what is loaded late from source has to find room to be compiled.
"""

# pyright: reportAttributeAccessIssue=false
# The other half of these attributes is terms.py's.

from micropython import const

from .. import load
from ..clock.wall import BUILD_MS
from ..ring import state as keys

_DAY_MS = const(86400000)
_FIVE_YEARS_MS = const(157788000000)
_SAME_CLOCK_MS = const(120000)


class Belief:
    """`settings` as Client takes them, `boots` tells the board's time."""

    clock_error_s = None  # the board's clock less the server's, where they differ
    date_ok = None  # None: no reply of this drain has told

    def cutoff(self):
        """Unix ms before which points have expired, 0 for never: judged by a clock that can be believed."""
        days = self.settings["max_age_days"]
        now = self.boots.now()
        if days is None or now is None or self.date_ok is False or now > BUILD_MS + _FIVE_YEARS_MS:
            return 0
        return max(0, now - int(days * _DAY_MS))

    def question(self, others):
        """A batch without points, if some have expired by a clock that no reply of this drain has told of; its Date
        will. Else None."""
        if self.date_ok is None and keys.EXPIRED in others:
            return load("upload.date", "Question")(self)

    def compare_clock(self, theirs):
        """A reply's Date is `theirs`, Unix ms: what it says of the board's clock, which it may set."""
        clock = self.boots.clock
        settable = hasattr(clock, "refresh")
        if settable:
            if clock.agreed is None or clock.now() is None:
                load("upload.date", "heard")(self, clock, theirs)
            clock.heard_ms = clock.uptime()
        now = self.boots.now()
        if now is None:
            return
        error = now - theirs
        self.clock_error_s = error // 1000 if abs(error) > _SAME_CLOCK_MS else None
        self.date_ok = abs(error) < _DAY_MS
        if settable and clock.agreed is not None:
            if clock.agreed and not self.date_ok:
                clock.ask_ms = 0  # it was put wrong since: the next upload asks NTP
            clock.agreed = self.date_ok
