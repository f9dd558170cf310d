import time

import blynk_batch
import config
import network
import sensor
import station

wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect(config.SSID, config.PASSWORD)
client = station.open_client()
while True:
    if wlan.isconnected() and time.gmtime()[0] < 2026:
        blynk_batch.set_clock()
    print(station.step(client, sensor, wlan.isconnected) or client)
    time.sleep(config.MEASURE_EVERY_S)
