"""One share of the cuts, inside MicroPython.

    run.py STORE MEDIUM WORKLOAD EVERY PART PARTS   EVERY cuts in each change, 0 all bytes; brown-outs: how many
    run.py STORE MEDIUM WORKLOAD CUT                one again, as a failure named it

Prints `FAILED case: reason` for each failure, then `CUTS n`, how many were survived.
"""

import sys

import blynk_batch


def load(module, name=None):
    found = __import__("blynk_batch." + module, None, None, (name or module,))
    return getattr(found, name) if name else found


# Opening loads its code anew each time, to give back RAM: not here, where there is plenty and opening is all.
blynk_batch.load = load
blynk_batch.let_go = lambda name: None

import engine  # noqa: E402 - and with it the rest of the library
from blynk_batch.ring import sector  # noqa: E402
from recording import Recording  # noqa: E402


sector.draw_salt = lambda: 0x5EA5A17E  # so that a case is the same image each time


def run(name, every, part, parts):
    if name[2] == "brown-outs":
        engine.brown_outs(name[0], name[1], every)
        return every, []
    return engine.run(Recording(*name), every, part, parts)


def replay(name, text):
    if name[2] == "brown-outs":
        return run(name, int(text), 0, 1)
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
