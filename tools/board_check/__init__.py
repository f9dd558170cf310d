"""`make board-check`: does the library do on this board what it promises? A Markdown report to paste into an issue."""
