"""Where sectors live: files on littlefs, one file on FAT, erase blocks, cards.

Knows what a torn write leaves on each; nothing of what the bytes mean.
"""
