"""The demo's board, run by MicroPython: examples/station on a simulated chip with littlefs, until the power goes.

    board.py log   URL TOKEN IMAGE CSV SHIFT_MS FIRST LAST CUT_ROW,OPERATION,BYTE PAUSE_US   rows FIRST to LAST, with a
        pause after each; ends with status 42 at the cut
    board.py drain URL TOKEN IMAGE   uploads, again after each pause that the library asks for, as long as that is
        bearable; prints `left PIN MS VALUE` for each point that is still on the flash at the end
    board.py csv   CSV LAST                                               the same rows appended to a CSV file

Prints one line for each thing that happened; `kept N` once log_group() for row N has returned.
"""

import os
import sys
import time

import config
import station
from flash import NorFlash, load, mount

POWER_CUT = 42
_BLOCKS = 128  # 512 KiB
_PATIENCE_S = 40  # for pauses between uploads: the first one is about ten seconds


class RecordedSensor:
    """Gives the rows of a CSV file of recorded readings, and is the clock that they were taken by."""

    def __init__(self, path, shift_ms, first):
        self._file = open(path)
        self._file.readline()
        for _ in range(first):
            self._file.readline()
        self._shift_ms = shift_ms
        self._now_ms = None  # not set before the first row

    def read(self):
        time, *texts = self._file.readline().strip().split(",")
        self._now_ms = _unix_ms(time) + self._shift_ms
        return [float(text) if "." in text else int(text) for text in texts]

    def now(self):
        return self._now_ms

    def uptime(self):
        return 0


def _unix_ms(text):
    """Of "2015-02-04T17:51:00Z"."""
    date, clock = text[:-1].split("T")
    fields = [int(part) for part in date.split("-") + clock.split(":")]
    return int(time.mktime(tuple(fields) + (0, 0))) * 1000


def _chip(image):
    chip = NorFlash(_BLOCKS, image=image)
    mount(chip, "/flash", "esp32")
    config.RING = "/flash/readings"
    return chip


def _existing(path):
    try:
        os.stat(path)
    except OSError:
        return _chip(None)
    return load(path, _chip)


def _end(chip, path, status=0):
    chip.save(path)
    print("erases", chip.erases)
    sys.exit(status)


def log(url, token, image, csv, shift_ms, first, last, cut, pause_us):
    chip = _existing(image)
    config.SERVER, config.TOKEN = url, token
    sensor = RecordedSensor(csv, int(shift_ms), int(first))
    client = station.open_client(clock=sensor)
    cut_row, operation, byte = [int(part) for part in cut.split(",")]
    for row in range(int(first), int(last)):
        if row == cut_row:
            chip.cut_at(operation, byte, "random", row)
        try:
            station.step(client, sensor, lambda: False)
        except OSError:
            if not chip.dead:
                raise
            print("cut", row)
            _end(chip, image, POWER_CUT)
        print("kept", row)
        time.sleep_us(int(pause_us))
    client.close()
    _end(chip, image)


def drain(url, token, image):
    chip = _existing(image)
    config.SERVER, config.TOKEN = url, token
    client = station.open_client(debug=lambda text: print("event", text))
    print("pending", client.pending)
    patience_s = _PATIENCE_S
    while True:
        result = client.upload()
        print("result", result)
        wait_s = result.retry_after_s or 1
        if not client.pending or wait_s > patience_s:
            break
        print("event", "trying again in %d s" % wait_s)
        time.sleep(wait_s)
        patience_s -= wait_s
    for pin, ms, value in client.points():
        print("left", pin, ms, value)
    client.close()
    _end(chip, image)


def csv(csv, last):
    chip = _chip(None)
    with open(csv) as source:
        source.readline()
        for _ in range(int(last)):
            with open("/flash/readings.csv", "a") as target:
                target.write(source.readline())
    print("erases", chip.erases)


if __name__ == "__main__":
    {"log": log, "drain": drain, "csv": csv}[sys.argv[1]](*sys.argv[2:])
