import time

import blynk_batch
import config
import machine
import sensor
import station

time.sleep(3)  # Ctrl-C stops the program here, before the watchdog runs
wdt = machine.WDT(timeout=8000)
wifi = blynk_batch.WiFi(config.SSID, config.PASSWORD)
client = station.open_client(debug=print)
while True:
    print(station.step(client, sensor, wifi.online, wdt.feed) or client)
    for _ in range(config.MEASURE_EVERY_S):
        wdt.feed()
        time.sleep(1)
