"""The ring on the card in the slot: raw, so that no power cut can cost more than the reading under way."""

import blynk_batch
import config
import machine


def open_ring():
    card = machine.SDCard(slot=config.SLOT)
    return blynk_batch.BlockRing(card, blocks=config.RING_BLOCKS, format=config.ERASE_CARD)
