"""What one wake does: a reading onto flash, and once an hour the Wi-Fi and all that has gathered."""

import blynk_batch
import config
import safety
import sensor


def once(feed):
    ring = blynk_batch.FileRing(config.RING, commit_every=2, tails=16)
    client = blynk_batch.Client(config.TOKEN, ring=ring, server=config.SERVER, debug=print)
    try:
        client.log(config.PIN, sensor.volts())
        if client.due(config.UPLOAD_EVERY_S):
            wifi = blynk_batch.WiFi(config.SSID, config.PASSWORD)
            wifi.wait(config.CONNECT_S, watchdog=feed)
            print(client.upload(timeout_s=60, watchdog=feed))  # without Wi-Fi it notes the failure and waits its turn
            wifi.off()
    finally:
        client.close(sleep_ms=safety.until_next_wake())  # writes the reading and the planned sleep together
