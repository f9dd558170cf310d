"""`make deploy`: puts the library, and an example if asked, onto a board. board.py of tools/board does the talking."""
