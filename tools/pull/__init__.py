"""Reads a ring off a board, a flash image or a folder: checks it, exports it, or uploads it in the board's place."""
