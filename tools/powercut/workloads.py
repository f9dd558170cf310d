"""What is done while the power is cut. Steps are (name, count):

    log    one frame of `count` points         boot   close and open again
    ack    note that many points as delivered  clear  drop everything pending
    upload a drain against a server that answers by PLANS[count]; only in workloads of the client

and before the cuts begin  fill  that many single readings;  brink  as many as fit before one turns sector `count`;
settle  note all but `count` as delivered.
Knows no store and no medium.
"""

NUMBER, TEXT, WIDE = 0, 1, 2  # kinds of values; WIDE fills a sector with few readings

_SINGLE = ("log", 1)
_REPLAY = [("log", 3), _SINGLE, _SINGLE, ("log", 2)]

# Answers to the requests of one drain, in order; then all is accepted.
PLANS = (
    [],
    ["ok", "reset"],
    ["busy"],
    ["refuse pin", "ok"],
    ["too much", "ok"],
    ["bad value"],
)


class Workload:
    """`fresh`: cut from the first opening of a blank device on."""

    def __init__(self, steps, kind=NUMBER, client=False, overwrite=True, fresh=False):
        self.steps, self.kind, self.client, self.overwrite, self.fresh = steps, kind, client, overwrite, fresh


WORKLOADS = {
    "first": Workload([_SINGLE] * 12, fresh=True),
    "singles": Workload([_SINGLE] * 60),
    "groups": Workload([("log", 3)] * 50),
    "strings": Workload([_SINGLE] * 30, TEXT),
    "boots": Workload([_SINGLE, ("boot", 0)] * 30),
    "acks": Workload(([_SINGLE] * 8 + [("ack", 7)]) * 8),
    "clears": Workload((_REPLAY + [("clear", 0)]) * 6),
    "turn": Workload([("brink", 0), ("settle", 3)] + [_SINGLE] * 6),
    "turnover": Workload([("brink", 0), _SINGLE]),
    # The ring is full: a sector is dropped and erased.
    "lap": Workload([("brink", 4), _SINGLE], WIDE),
    "wrap": Workload([("fill", 95)] + [_SINGLE] * 30, WIDE),
    "refuse": Workload([("fill", 100), _SINGLE, ("ack", 50)] + [_SINGLE] * 12 + [("ack", 20)], WIDE, overwrite=False),
    "uploads": Workload(
        [step for plan in range(len(PLANS)) for step in _REPLAY + [("upload", plan)]] + [("boot", 0), ("upload", 0)],
        client=True,
    ),
    "wakes": Workload([_SINGLE, _SINGLE, ("upload", 0), ("boot", 0)] * 6, client=True),
    "brown-outs": Workload([_SINGLE] * 20),
}
