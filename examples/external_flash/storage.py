"""The ring on the flash chip, as config.py says that it is wired."""

import blynk_batch
import config
import nor
from machine import SPI, Pin


def open_ring():
    sck, mosi, miso = Pin(config.SCK), Pin(config.MOSI), Pin(config.MISO)
    spi = SPI(config.SPI, baudrate=10_000_000, sck=sck, mosi=mosi, miso=miso)
    chip = nor.NorFlash(spi, Pin(config.CS, Pin.OUT, value=1))
    return blynk_batch.BlockRing(chip, format=config.ERASE_CHIP)
