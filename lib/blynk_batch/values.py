"""The values out of a data frame: as number text, and as Python values. The other way is in record.py.

A drain of plain numbers does without: their text goes from the frame into the JSON as it is.
"""

from binascii import hexlify

from micropython import const

from .record import get_varint, to_symbols

_TRUE = const(1)  # the kinds of record.py
_STRING = const(3)


def _number(text):
    if text[0] == "[":
        lon, lat = text[1:-1].split(",")
        return (_number(lon), _number(lat))
    return float(text) if "." in text or "e" in text else int(text)


def split_numbers(text):
    """The texts of a group's numbers; commas inside brackets belong to a location."""
    if "[" not in text:
        return text.split(",")
    texts = []
    for part in text.split(","):
        if texts and texts[-1][0] == "[" and texts[-1][-1] != "]":
            texts[-1] += "," + part
        else:
            texts.append(part)
    return texts


def decode_texts(view, at, end, kinds):
    """A list of each value as number text (str), bool, or (bytes of a string,)."""
    if not kinds:
        text = str(to_symbols(hexlify(view[at:end])), "ascii")
        return split_numbers(text[:-1] if text[-1] == "," else text)
    values = []
    while at < end:
        kind = view[at]
        at += 1
        if kind <= _TRUE:
            values.append(kind == _TRUE)
            continue
        size, at = get_varint(view, at)
        data = view[at : at + size]
        values.append((bytes(data),) if kind == _STRING else decode_texts(data, 0, size, 0)[0])
        at += size
    return values


def to_value(text):
    """The Python value for one entry of `decode_texts`."""
    if isinstance(text, bool):
        return text
    return text[0].decode() if isinstance(text, tuple) else _number(text)
