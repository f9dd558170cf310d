"""The library's modules joined into few, as boards load them: `make bundle` writes them into build/bundles/.

Each import costs a Pico some 20 ms, since littlefs reads kilobytes for each name on the way. So what is loaded together
lies together. Nobody edits a bundle: the sources are for reading.

table.py    which module goes into which bundle
names.py    what a module binds, and which of its numbers never change
link.py     one module's text as it stands in its bundle
joined.py   all bundles, and the way back from a line in one to its source
"""
