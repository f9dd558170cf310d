import time

import blynk_batch
import config
import network
import sensor
import storage

wlan = network.WLAN(network.STA_IF)
wlan.active(True)
client = blynk_batch.Client(config.TOKEN, ring=storage.open_ring(), server=config.SERVER)
while True:
    client.log(config.PIN, sensor.volts())
    if not wlan.isconnected():
        wlan.connect(config.SSID, config.PASSWORD)
    elif (time.gmtime()[0] >= 2026 or blynk_batch.set_clock()) and client.due(config.UPLOAD_EVERY_S):
        print(client.upload(timeout_s=60))
    time.sleep(config.MEASURE_EVERY_S)
