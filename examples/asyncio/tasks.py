"""What goes on side by side: a level once a minute, and a door whenever it moves."""

import asyncio

import config
import machine


async def measure(client):
    level = machine.ADC(machine.Pin(config.LEVEL_GPIO))
    while True:
        client.log(config.LEVEL, round(level.read_u16() * 100 / 65535, 2))
        await asyncio.sleep(config.MEASURE_EVERY_S)


async def watch_door(client):
    """Logs each change of the contact, also while an upload waits for the network."""
    contact = machine.Pin(config.DOOR_GPIO, machine.Pin.IN, machine.Pin.PULL_UP)
    before = contact.value()
    while True:
        now = contact.value()
        if now != before:
            client.log(config.DOOR, "open" if now else "closed")
        before = now
        await asyncio.sleep(config.LOOK_EVERY_S)
