"""What of the ring the server has, as the state says.

That is the points behind the cursor, and in the window under way those of finished pins, but for those that it refused.
Loaded where a pass asks for each point: a window that is taken up again, an overwritten sector, points(), tools.
"""

from .state import CURSOR, DONE, HELD, OPEN_END, PART, WINDOW, range_keys


def _is_passed(state, pin, position):
    """True if the cursor is past the point of `pin` in the frame at `position`, or its pin is done in the window."""
    if position < tuple(state.get(CURSOR, (0, 0)))[:2]:
        return True
    window, done = state.get(WINDOW), state.get(DONE, b"")
    in_window = window and position < tuple(window[:2])
    return bool(in_window and len(done) > pin >> 3 and done[pin >> 3] & 1 << (pin & 7))


def _is_refused(state, pin, position, kind=None):
    for key in range_keys(state) if state.get(HELD, (0,))[0] else ():
        found = state[key]
        if pin in found[7:] and position >= found[:2] and kind in (None, found[4] & 3):
            if found[4] & OPEN_END or position < (found[0] + found[2], found[3]):
                return True
    return False


def is_held(state, pin, position, kind=None):
    """True if the server refused the point, or its pin is not asked at present, and the cursor is past it. `kind`: only
    in a range of that kind."""
    return _is_passed(state, pin, position) and _is_refused(state, pin, position, kind)


def is_delivered(state, pin, position):
    """True if nothing is left to do for the point of `pin` in the frame at `position`; else it is pending or held."""
    part = state.get(PART)
    if _is_passed(state, pin, position):
        return not _is_refused(state, pin, position)
    return bool(part and WINDOW in state and part[0] == pin and position < tuple(part[1:3]))


def is_pending(state, pin, position):
    return not is_delivered(state, pin, position)
