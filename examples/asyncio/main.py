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


async def main():
    upload = client.run(wifi.online, interval=config.UPLOAD_EVERY_S, watchdog=wdt.feed)
    await asyncio.gather(tasks.measure(client), tasks.watch_door(client), upload)


asyncio.run(main())
