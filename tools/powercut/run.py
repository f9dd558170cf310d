"""One share of the cuts, inside MicroPython.

    run.py STORE MEDIUM WORKLOAD EVERY PART PARTS SEED  EVERY cuts in each change, 0 all bytes; brown-outs: how many
    run.py STORE MEDIUM WORKLOAD CUT                    one again, as a failure named it

Prints `FAILED case: reason` for each failure, then `CUTS n`, how many were survived.
"""

import sys

import engine
from blynk_batch.ring import sector
from recording import Recording

sector.draw_salt = lambda: 0x5EA5A17E  # so that a case is the same image each time


def run(name, every, part, parts, seed):
    if name[2] == "brown-outs":
        engine.brown_outs(name[0], name[1], every)
        return every, []
    return engine.run(Recording(*name), every, part, parts, seed)


def replay(name, text):
    if name[2] == "brown-outs":
        return run(name, int(text), 0, 1, 0)
    cut = engine.parse(text)
    try:
        engine.replay(Recording(*name), cut)
        return 1, []
    except Exception as error:
        sys.print_exception(error)
        return 0, [(cut, repr(error))]


def main(store, medium, workload, *rest):
    name = (store, medium, workload)
    done, failed = replay(name, *rest) if len(rest) == 1 else run(name, *map(int, rest))
    for cut, reason in failed:
        print("FAILED %s:%s: %s" % (":".join(name), cut, reason))
    print("CUTS", done)
    return 1 if failed or not done else 0


sys.exit(main(*sys.argv[1:]))
