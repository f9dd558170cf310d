import time

import blynk_batch
import config
import machine
import sensor
import storage

time.sleep(3)  # Ctrl-C stops the program here, before the watchdog runs
wdt = machine.WDT(timeout=30000)
wifi = blynk_batch.WiFi(config.SSID, config.PASSWORD)
client = blynk_batch.Client(config.TOKEN, ring=storage.open_ring(), server=config.SERVER, debug=print)
while True:
    client.log(config.PIN, sensor.volts())
    if wifi.online() and client.due(config.UPLOAD_EVERY_S):
        print(client.upload(timeout_s=60, watchdog=wdt.feed))
    for _ in range(config.MEASURE_EVERY_S):
        wdt.feed()
        time.sleep(1)
