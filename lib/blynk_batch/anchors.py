"""Looks backwards for a boot's anchor: in the sector, or in its header, which carries the last one before it.

Loaded for readings that no anchor follows. So no anchor is lost when the sector that held it is dropped.
"""

from . import record, ring as keys
from .recover import load_header


def before(ring, position, boot):
    """Unix ms of uptime 0 as the last anchor of `boot` before `position` gives it, or None."""
    sequence = position[0]
    found = load_header(ring, sequence)
    anchor = found[1].get(keys.ANCHOR) if found else None
    reader = ring.reader((sequence, 0, 0), position)
    while True:
        kind = reader.next()
        if not kind:
            return anchor[1] if anchor and anchor[0] == boot else None
        if kind == record.ANCHOR:
            anchor = record.get_anchor(reader.payload())
