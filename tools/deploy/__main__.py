"""`make deploy PORT=...`: compile the library for the board's firmware, copy what changed, verify that it imports."""

import json
import time

import click

from tools.board import files as board_files
from tools.board import ports
from tools.board.connection import TOOLS, Connection
from tools.board.errors import BoardProblem, RemoteError
from tools.deploy import example as examples
from tools.deploy import library, plan
from tools.options import command

_FACTS = """
import sys
i = sys.implementation
print((i[0], tuple(i[1][:3]), getattr(i, '_mpy', 0), getattr(i, '_machine', sys.platform)))
"""
_IMPORT_S = 60


@command()
@click.option("--port", help="The board's serial port; found by itself if there is one board.")
@click.option("--tool", type=click.Choice(TOOLS), default="mpremote", show_default=True, help="Whose client to use.")
@click.option("--example", help="Also copy this example, as main.py with its config.py.")
@click.option("--replace", is_flag=True, help="Replace main.py, config.py and others that were edited on the board.")
@click.option("--source", is_flag=True, help="Copy the sources instead of compiled bundles.")
def main(port, tool, example, replace, source):
    """Put the library onto a board running MicroPython 1.20 or newer."""
    wanted_example = examples.files(example) if example else {}
    with Connection(ports.find(port), tool) as board:
        mpy = check_firmware(board)
        compiled = mpy & 255 == library.MPY_VERSION and not source
        deploy(board, library.files(compiled, library.processor(mpy)), wanted_example, replace)


def check_firmware(board):
    """Says what runs there and raises BoardProblem if it is too old; which .mpy files it loads, as it numbers them."""
    name, version, mpy, machine = board.ask(_FACTS)
    number = ".".join(str(part) for part in version)
    if name != "micropython":
        raise BoardProblem(
            "The board at %s runs %s: put MicroPython on it with `make flash PORT=%s FIRMWARE=file`."
            % (board.port, name, board.port)
        )
    if version < library.OLDEST:
        raise BoardProblem(
            "The board runs MicroPython %s, and the library needs 1.20 or newer: `make flash PORT=%s FIRMWARE=file`."
            % (number, board.port)
        )
    click.echo("%s, MicroPython %s, at %s" % (machine, number, board.port))
    if version < library.FULL_SET:
        click.echo("Before MicroPython 1.22 no TLS is verified, by HTTPS or otherwise: a newer firmware is better.")
    if mpy & 255 != library.MPY_VERSION:
        click.echo("This firmware does not load .mpy files of version %d: sources are copied." % library.MPY_VERSION)
    return mpy


def deploy(board, wanted, wanted_example, replace):
    package = "/" + library.PACKAGE
    places = [library.TARGET, package, package + ".py", package + ".mpy", *wanted_example]
    present = board_files.present(board, places)
    todo = plan.library(wanted, {path: present[path] for path in present if path not in wanted_example})
    earlier = examples.read_note(board) if wanted_example else {}
    plan.add_example(todo, wanted_example, present, earlier, replace)
    check_space(board, todo, present)
    started = time.monotonic()
    carry_out(board, todo)
    ours = {path: data for path, data in wanted_example.items() if path not in todo.kept}
    note = examples.note(earlier, ours)
    if note != earlier:
        board_files.write(board, examples.NOTE, json.dumps(note).encode())
    version = verify(board, {**wanted, **ours})
    size, gone = sum(len(data) for data in todo.copy.values()), len(todo.remove.keys() - todo.copy.keys())
    click.echo(
        "%d files (%.1f KB) copied in %.0f s, %d unchanged, %d removed. The board imports blynk_batch %s."
        % (len(todo.copy), size / 1024, time.monotonic() - started, len(todo.unchanged), gone, version)
    )
    if wanted_example:
        say_what_next(board, todo, wanted_example)


def check_space(board, todo, present):
    free, block = board_files.free_bytes(board)
    needed = todo.needed_bytes(present, block)
    if needed > free:
        raise BoardProblem(
            "The board has %d KB free and %d KB are needed. %s"
            % (free // 1024, -(-needed // 1024), board_files.HOW_TO_MAKE_SPACE % board.port)
        )


def carry_out(board, todo):
    if todo.remove:
        for reason in sorted(set(todo.remove.values())):
            paths = [path for path, why in todo.remove.items() if why == reason]
            more = " and %d more" % (len(paths) - 1) if len(paths) > 1 else ""
            click.echo("  removes %s%s: %s" % (paths[0], more, reason))
        board_files.remove(board, todo.remove)
    for path in todo.kept:
        click.echo("  keeps %s as it was edited on the board (REPLACE=1 replaces it)" % path)
    for number, (path, data) in enumerate(todo.copy.items(), 1):
        click.echo("  %*d/%d %s (%d bytes)" % (len(str(len(todo.copy))), number, len(todo.copy), path, len(data)))
        board_files.write(board, path, data)


def verify(board, wanted):
    """The version that the board imports, after checking that it has every byte."""
    present = board_files.present(board, wanted)
    wrong = [path for path in wanted if present.get(path, (0, ""))[1] != board_files.sha256(wanted[path])]
    if wrong:
        raise BoardProblem("%s did not arrive as it was sent: run this again." % wrong[0])
    board.soft_reset()
    code = "import blynk_batch\nprint(repr((blynk_batch.__version__, getattr(blynk_batch, '__file__', ''))))"
    try:
        version, place = board.ask(code, _IMPORT_S)
    except RemoteError as error:
        raise BoardProblem("The files are there, but the board does not import them: %s" % error.text)
    if place and not place.startswith(library.TARGET):
        raise BoardProblem("The board imports blynk_batch from %s instead of %s: remove it." % (place, library.TARGET))
    return version


def say_what_next(board, todo, wanted_example):
    config = wanted_example.get(plan.CONFIG, b"")
    if plan.CONFIG not in todo.kept and b"your device's auth token" in config:
        click.echo("Put your token and Wi-Fi into the example's config.py here and run this again, or edit it there.")
    click.echo("Start it with the board's reset button or `.venv/bin/mpremote connect %s reset`." % board.port)


if __name__ == "__main__":
    main()
