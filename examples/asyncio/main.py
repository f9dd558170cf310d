import asyncio

import blynk_batch
import config
import network
import tasks

wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect(config.SSID, config.PASSWORD)
client = blynk_batch.Client(config.TOKEN, server=config.SERVER)


async def main():
    upload = client.run(wlan.isconnected, interval=config.UPLOAD_EVERY_S)
    await asyncio.gather(tasks.measure(client), tasks.watch_door(client), tasks.keep_time(wlan), upload)


asyncio.run(main())
