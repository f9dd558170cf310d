"""A field station: one group of readings a minute, kept on flash, sent when there is a network.

The sensor and the network come in as arguments, so that the same code runs on a board and in the demo.
"""

import blynk_batch
import config
import machine


def open_client(**options):
    ring = blynk_batch.FileRing(config.RING, capacity_bytes=config.CAPACITY_BYTES)
    return blynk_batch.Client(config.TOKEN, ring=ring, server=config.SERVER, **options)


def watchdog():
    """What feeds the board's watchdog, which resets it 8 seconds after the last time. A desk has none."""
    return machine.WDT(timeout=8000).feed if hasattr(machine, "WDT") else lambda: None


def step(client, sensor, is_online, watchdog=None):
    """Measure and keep; then send what has gathered, if it is time. The upload's Result, or None."""
    client.log_group(dict(zip(config.PINS, sensor.read())))
    if is_online() and client.due(config.UPLOAD_EVERY_S):
        return client.upload(timeout_s=60, watchdog=watchdog)
    return None
