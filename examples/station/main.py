import time

import blynk_batch
import config
import sensor
import station

time.sleep(3)  # Ctrl-C stops the program here, before the watchdog runs
feed = station.watchdog()
wifi = blynk_batch.WiFi(config.SSID, config.PASSWORD)
client = station.open_client(debug=print)
while True:
    result = station.step(client, sensor, wifi.online, feed)
    print(result or client)
    if result and isinstance(result.error, blynk_batch.NetworkError):
        wifi.off()  # a driver may believe in a connection that is gone: online() makes a new one
    for _ in range(config.MEASURE_EVERY_S):
        feed()
        time.sleep(1)
