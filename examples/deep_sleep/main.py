import time

import blynk_batch
import config
import machine
import sensor
import wifi

try:
    ring = blynk_batch.FileRing(
        config.RING, commit_every=2, tails=16
    )  # close() writes reading and planned sleep at once
    client = blynk_batch.Client(config.TOKEN, ring=ring, server=config.SERVER)
    client.log(config.PIN, sensor.volts())
    if client.due(config.UPLOAD_EVERY_S):
        wifi.connect()
        blynk_batch.set_clock()
        print(client.upload(timeout_s=60))
    client.close(sleep_ms=max(1000, config.WAKE_EVERY_S * 1000 - time.ticks_diff(time.ticks_ms(), 0)))
except Exception as e:  # a station that stays awake empties its battery
    print("failed:", e)
machine.deepsleep(max(1000, config.WAKE_EVERY_S * 1000 - time.ticks_diff(time.ticks_ms(), 0)))
