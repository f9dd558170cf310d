"""`make board`: a virtual board until Ctrl-C, and how to talk to it."""

import threading

import click

from tools.options import command
from tools.virtual_board.host import PICO_W_FLASH_BYTES, VirtualBoard, until_ctrl_c

HOW = """The virtual board is at {port}. Its flash is the folder {folder}.

In another terminal, from this checkout:
    make deploy PORT={port}
    .venv/bin/mpremote connect {port}              (its prompt; Ctrl-] leaves)
    .venv/bin/mpremote connect {port} fs ls
    .venv/bin/ampy -p {port} ls
    make board-check PORT={port}
Ctrl-C ends it here."""


@command()
@click.option("--folder", type=click.Path(file_okay=False), help="Its flash; kept. Default: a temporary one.")
@click.option("--flash-kb", type=click.IntRange(64), default=PICO_W_FLASH_BYTES // 1024, show_default=True)
def main(folder, flash_kb):
    """Run a board without hardware behind a pseudo-terminal."""
    with until_ctrl_c(folder), VirtualBoard(folder, flash_kb * 1024) as board:
        click.echo(HOW.format(port=board.port, folder=board.folder))
        threading.Event().wait()


if __name__ == "__main__":
    main()
