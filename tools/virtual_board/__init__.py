"""A board without hardware: MicroPython's webassembly build behind a pseudo-terminal, for mpremote, ampy and the like.

host.py holds the pseudo-terminal and the Node process; board.mjs is the board; modules/ has what a board has built in.
"""
