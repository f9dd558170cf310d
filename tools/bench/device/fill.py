"""fill.py FOLDER POINTS PINS CSV: a ring in FOLDER with so many points and pins, and the same as lines of CSV."""

import sys

from blynk_batch import Client, FileRing
from series import walk


def main(folder, points, pins, csv):
    client = Client("bench", ring=FileRing(folder, capacity_bytes=262144))
    readings = walk(pins=range(1, pins + 1))
    with open(csv, "w") as f:
        for _ in range(points // pins):
            time, values = next(readings)
            client.log_group(values, timestamp=time)
            for pin in values:
                f.write("%d,%d,%r\n" % (time, pin, values[pin]))
    client.close()


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
