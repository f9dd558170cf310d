"""The ring on the card in the slot: without a filesystem, since FAT survives no power cut while it is written."""

import blynk_batch
import config
import machine


def open_ring():
    card = machine.SDCard(slot=config.SLOT)
    return blynk_batch.BlockRing(card, blocks=config.RING_BLOCKS, format=config.ERASE_CARD)
