"""The pieces in which a body goes out: as large as a TCP segment, whatever the chunks, and none held back."""

import sys

from blynk_batch.http.pieces import at_once, gather


def sizes(*chunks):
    """Of the pieces; their bytes are those of the chunks."""
    return [size for size in sizes_and_pauses(*chunks) if size is not None]


def sizes_and_pauses(*chunks):
    """None for each pause."""
    made = [bytes([65 + number]) * size for number, size in enumerate(chunks)]
    pieces = [piece and bytes(piece) for piece in gather(iter(made))]
    assert b"".join([piece for piece in pieces if piece]) == b"".join(made)
    return [piece and len(piece) for piece in pieces]


def test_a_piece_is_at_most_a_segment_or_one_larger_chunk():
    assert sizes() == sizes(0) == []
    assert sizes(600, 600, 200) == [1400]
    assert sizes(600, 600, 201, 5) == [1200, 206]
    assert sizes(5, 1400, 1401, 5) == [5, 1400, 1401, 5]
    assert sizes(1400) == [1400] and sizes(1401) == [1401]


def test_others_have_a_turn_after_each_chunk_that_is_put_by():
    assert sizes_and_pauses(600, 600, 600, 1401) == [None, None, 1200, None, 600, 1401]
    assert sizes_and_pauses(1400) == [None, 1400]


class Socket:
    def __init__(self):
        self.options = []

    def setsockopt(self, *option):
        self.options.append(option)


class Firmware:
    TCP_NODELAY = 7


def test_small_pieces_are_not_held_back_where_the_firmware_knows_how():
    for firmware, option in ((Firmware, 7), (sys, 1 if sys.platform == "linux" else None)):
        made = Socket()
        at_once(made, firmware)
        assert made.options == ([(6, option, 1)] if option else [])
