"""A module's text in which nodes of its tree are replaced; every line stays where it is.

Knows places in a text; nothing of what is replaced and why.
"""


class Edits:
    """The text with as many lines as before: `text` afterwards."""

    def __init__(self, text):
        self._data = text.encode()
        self._starts = [0]
        for line in self._data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._edits = []

    def _range(self, node):
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def _edit(self, node, text):
        start, end = self._range(node)
        self._edits.append([start, end, text])
        return self._edits[-1]

    def _replace(self, node, text):
        """True if nothing is left of the node."""
        self._edit(node, text)
        return not text

    @property
    def text(self):
        out, at = [], 0
        for start, end, text in sorted(self._edits):
            if text is None:
                continue
            lines = self._data[start:end].count(b"\n")
            out += [self._data[at:start], text.encode(), b"\n" * (lines - text.count("\n"))]
            at = end
        return b"".join([*out, self._data[at:]]).decode()
