"""`make emulate FIRMWARE=file.uf2`: an emulated Pico until Ctrl-C, and how to talk to it."""

import os
from pathlib import Path

import click

from tools.emulator import firmware
from tools.emulator.host import EmulatedPico
from tools.options import command
from tools.virtual_board.host import claim, until_ctrl_c

FLASH = firmware.FOLDER / "emulated-pico.flash"
HOW = """An emulated Pico with {firmware} is at {port}. Its flash is the file {flash}.

In another terminal, from this checkout:
    make deploy PORT={port}
    .venv/bin/mpremote connect {port}              (its prompt; Ctrl-] leaves)
    .venv/bin/ampy -p {port} ls
    make board-check PORT={port}
    make pull ARGS='--port {port}'
Ctrl-C ends it here; its files stay."""


@command()
@firmware.option
@click.option(
    "--flash", type=click.Path(dir_okay=False, path_type=Path), default=FLASH, help="The chip's content, which stays."
)
def main(name, flash):
    """Run a Pico without one behind a pseudo-terminal."""
    with until_ctrl_c(flash):
        uf2 = firmware.find(name)
        if flash.is_file():
            os.close(claim(flash))  # before a firmware is put under a board that runs
        firmware.install(uf2, flash)
        with EmulatedPico(flash) as board:
            click.echo(HOW.format(firmware=uf2.name, port=board.port, flash=flash))
            board.ended.wait()
            if not board.in_bootloader:
                raise click.ClickException("The emulator ended; above is why.")
            click.echo("The board is in its bootloader: a real one would be a USB drive now, to put a firmware on.")


if __name__ == "__main__":
    main()
