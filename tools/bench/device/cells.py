"""How a measuring script tells its numbers: one line `CELL {...}` each. Knows nothing of what is measured."""

import json


def cell(what, on, who, value):
    """`value` of `what`, measured `on` a mount or device, for the contender `who` ("ours", "csv", ...)."""
    print("CELL " + json.dumps({"what": what, "on": on, "who": who, "value": value}))
