import time

import blynk_batch
import config
import health
import network
import sensor

wlan = network.WLAN(network.STA_IF)
wlan.active(True)
client = blynk_batch.Client(config.TOKEN, server=config.SERVER)
while True:
    client.log_group(dict(health.read(client, wlan), **{config.TEMPERATURE: sensor.temperature_c()}))
    if not wlan.isconnected():
        wlan.connect(config.SSID, config.PASSWORD)
    elif (time.gmtime()[0] >= 2026 or blynk_batch.set_clock()) and client.due(config.UPLOAD_EVERY_S):
        print(client.upload(timeout_s=60))
    time.sleep(config.MEASURE_EVERY_S)
