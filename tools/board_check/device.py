"""Runs on the board: tools/board_check sends it and calls its functions; remove() leaves nothing behind.

The readings are known beforehand, so that the board can tell whether it has them all; every one has a time of its own.
"""

import gc
import os
import sys
import time

RING = "/board_check.ring"
PIN = 1


def facts():
    """The board and its filesystem."""
    block, _, blocks, free = os.statvfs("/")[:4]
    try:
        import machine

        frequency = machine.freq()
    except (ImportError, AttributeError):
        frequency = 0
    return {
        "name": sys.implementation[0],
        "version": sys.version.split("; ")[-1],
        "machine": getattr(sys.implementation, "_machine", sys.platform),
        "mpy": getattr(sys.implementation, "_mpy", 0) & 255,
        "frequency": frequency if isinstance(frequency, int) else frequency[0],
        "block": block,
        "bytes": block * blocks,
        "free": max(0, block * free),
    }


def open_client(token, server="https://blynk.cloud"):
    import blynk_batch

    return blynk_batch.Client(token, ring=blynk_batch.FileRing(RING, capacity_bytes=32768), server=server)


def reading(index, first_ms):
    return first_ms + 1000 * index, 20 + index / 4


def log(token, count, first_ms):
    """Microseconds that each reading took. The ring is not closed: a reset follows, as a power cut would."""
    client = open_client(token)
    took = []
    for index in range(count):
        timestamp, value = reading(index, first_ms)
        start = time.ticks_us()
        client.log(PIN, value, timestamp=timestamp)
        took.append(time.ticks_diff(time.ticks_us(), start))
    return took


def recover(token, count, first_ms):
    """After the reset: milliseconds to open the ring, what is pending, how many are as logged, how many damaged."""
    import blynk_batch

    gc.collect()
    start = time.ticks_ms()
    client = open_client(token)
    took = time.ticks_diff(time.ticks_ms(), start)
    same = sum([point == (PIN,) + reading(index, first_ms) for index, point in enumerate(client.points())])
    corrupt = client.stats()["corrupt"]
    pending = client.pending
    client.close()
    return took, pending, same, corrupt, blynk_batch.__version__


def has_network():
    try:
        import network

        return hasattr(network, "WLAN")
    except ImportError:
        return False


def connect(name, password, timeout_s):
    """The board's own address once it is in the Wi-Fi, or None."""
    import network

    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    if not wlan.isconnected():
        wlan.connect(name, password)
    end = time.ticks_add(time.ticks_ms(), timeout_s * 1000)
    while not wlan.isconnected():
        if time.ticks_diff(end, time.ticks_ms()) <= 0:
            return None
        time.sleep_ms(200)
    return wlan.ifconfig()[0]


def drain(token, server):
    client = open_client(token, server)
    start = time.ticks_ms()
    result = client.upload(timeout_s=60)
    took = time.ticks_diff(time.ticks_ms(), start)
    client.close()
    return result.uploaded, result.requests, result.pending, took, str(result.error or result.waiting or "")


def remove(path=RING):
    """The ring's files and folders."""
    try:
        entries = list(os.ilistdir(path))
    except OSError:
        return
    for entry in entries:
        full = path + "/" + entry[0]
        if entry[1] & 0x4000:
            remove(full)
        else:
            os.remove(full)
    os.rmdir(path)
