import time

import blynk_batch
import config
import health
import machine
import sensor

time.sleep(3)  # Ctrl-C stops the program here, before the watchdog runs
wdt = machine.WDT(timeout=8000)
wifi = blynk_batch.WiFi(config.SSID, config.PASSWORD)
client = blynk_batch.Client(config.TOKEN, server=config.SERVER, debug=print)
while True:
    values = health.read(client, wdt.feed)
    values[config.TEMPERATURE] = sensor.temperature_c()
    client.log_group(values)
    if wifi.online() and client.due(config.UPLOAD_EVERY_S):
        result = client.upload(timeout_s=60, watchdog=wdt.feed)
        print(result)
        if isinstance(result.error, blynk_batch.NetworkError):
            wifi.off()  # a driver may believe in a connection that is gone: online() makes a new one
    for _ in range(config.MEASURE_EVERY_S):
        wdt.feed()
        time.sleep(1)
