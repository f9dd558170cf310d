"""Cells to rows: one row for each thing measured on each mount, a column for each contender. Pure."""

from tools.bench import targets

OURS = "ours"
CONTENDERS = {
    OURS: "ours",
    "csv": "CSV append",
    "binary": "binary append, flush",
    "json": "JSON file each",
    "in place": "file in place",
}


class Row:
    """`what` on `on`: `values` by contender, the target and whether it is met (None: there is none), peers."""

    def __init__(self, group, what, on):
        self.group, self.what, self.on = group, what, on
        self.values = {}
        self.target = targets.target(what, on)
        self.peer = targets.peer(what, on)

    @property
    def met(self):
        ours = self.values.get(OURS)
        return None if self.target is None or ours is None else targets.met(self.target, ours)

    def as_dict(self):
        wanted = {"kind": self.target[0], "limit": self.target[1]} if self.target else None
        return {
            "group": self.group,
            "what": self.what,
            "on": self.on,
            "values": self.values,
            "target": wanted,
            "met": self.met,
            "peers": self.peer,
        }


def rows_of(group, cells):
    """The rows, in the order in which their first cells came."""
    found = {}
    for cell in cells:
        key = (cell["what"], cell["on"])
        row = found.setdefault(key, Row(group, *key))
        row.values[cell["who"]] = cell["value"]
    order = {}
    for what, _ in found:
        order.setdefault(what, len(order))
    return sorted(found.values(), key=lambda row: order[row.what])


def number(value):
    """Three significant digits, or all of a whole number."""
    if value is None:
        return ""
    if float(value).is_integer() or abs(value) >= 1000:
        return "{:,.0f}".format(value)
    digits = 2
    size = abs(value)
    while size < 1 and digits < 5 and size > 0:
        size *= 10
        digits += 1
    if abs(value) >= 100:
        digits = 0
    elif abs(value) >= 10:
        digits = 1
    return "{:.{}f}".format(value, digits)


def line(row):
    """The row's texts, in the order of `HEAD`."""
    reach = "%s %s" % (row.target[0], number(row.target[1])) if row.target else ""
    verdict = {None: "", True: "yes", False: "**no**"}[row.met]
    texts = [row.what, row.on] + [number(row.values.get(who)) for who in CONTENDERS]
    return texts + [reach, verdict, row.peer]


HEAD = ["what", "on"] + list(CONTENDERS.values()) + ["to reach", "met", "peers, published"]
