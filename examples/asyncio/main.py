import asyncio
import time

import blynk_batch
import config
import machine
import tasks

time.sleep(3)  # Ctrl-C stops the program here, before the watchdog runs
wdt = machine.WDT(timeout=8000)
wifi = blynk_batch.WiFi(config.SSID, config.PASSWORD)
client = blynk_batch.Client(config.TOKEN, server=config.SERVER, debug=print)


def drained(result):
    print(result)
    if isinstance(result.error, blynk_batch.NetworkError):
        wifi.off()  # a driver may believe in a connection that is gone: online() makes a new one


async def main():
    upload = client.run(wifi.online, interval=config.UPLOAD_EVERY_S, watchdog=wdt.feed, on_result=drained)
    await asyncio.gather(tasks.measure(client), tasks.watch_door(client), upload)


asyncio.run(main())
