"""One share of the cuts, inside MicroPython: run.py STORE MEDIUM WORKLOAD EVERY PART PARTS [CHANGE BYTE MODE].

EVERY is the number of cuts per change, 0 for every byte; of `brown-outs`, how many. Prints `CUTS n` last, before
it `FAILED case: reason`.
"""

import sys

import engine


def main(store, medium, workload, every, part, parts, *case):
    if workload == "brown-outs":
        print("CUTS", engine.brown_outs(medium, int(every)) and int(every))
        return 0
    recording = engine.Recording(store, medium, workload)
    only = (int(case[0]), int(case[1]), case[2]) if case else None
    done, failed = engine.run(recording, int(every), int(part), int(parts), only)
    for (index, byte, mode), reason in failed:
        print("FAILED %s:%s:%s:%s:%d:%d:%s: %s" % (store, medium, workload, every, index, byte, mode, reason))
    print("CUTS", done)
    return 1 if failed or not done else 0


sys.exit(main(*sys.argv[1:]))
