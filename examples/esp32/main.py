import time

import blynk_batch
import config
import network
import sensor

wlan = network.WLAN(network.STA_IF)
wlan.active(True)
if not wlan.isconnected():  # after a soft reset it still is
    wlan.connect(config.SSID, config.PASSWORD)
client = blynk_batch.Client(config.TOKEN, server=config.SERVER)
while True:
    temperature, humidity = sensor.read()
    client.log_group({config.TEMPERATURE: temperature, config.HUMIDITY: humidity})
    if wlan.isconnected() and time.gmtime()[0] < 2026:
        blynk_batch.set_clock()
    if wlan.isconnected() and client.due(config.UPLOAD_EVERY_S):
        print(client.upload(timeout_s=60))
    time.sleep(config.MEASURE_EVERY_S)
