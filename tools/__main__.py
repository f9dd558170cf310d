"""`python -m tools`: every host tool as one command line. Each is loaded when it is called; `make NAME` does the same
after setting up what the tool needs."""

import importlib

import click

# name: (module, what it does)
COMMANDS = {
    "sandbox": ("tools.sandbox.cli", "a local server that stands in for Blynk"),
    "demo": ("tools.demo.__main__", "watch a station lose network and power, and every reading arrive"),
    "plan": ("tools.plan.__main__", "work out a station: ring, outage, life of the flash, requests"),
    "pull": ("tools.pull.__main__", "read a ring off a board, an image or a folder; export or upload it"),
    "deploy": ("tools.deploy.__main__", "put the library onto a board"),
    "flash": ("tools.flash.__main__", "put MicroPython onto a board"),
    "board-check": ("tools.board_check.__main__", "try the library on a board and print a report"),
    "board": ("tools.virtual_board.__main__", "a board without hardware that mpremote and ampy talk to"),
    "verify-live": ("tools.verify_live.__main__", "see what the live service answers, beside the sandbox"),
    "bundle": ("tools.bundle.__main__", "join the library's modules into the bundles that boards load"),
    "package": ("tools.package", "write package.json, by which mip installs the library"),
    "release": ("tools.release", "write the zips of a release and their checksums"),
    "size": ("tools.size", "count lines, bytes and blocks"),
    "lint": ("tools.lint", "check style, types, and for machine paths"),
    "release-check": ("tools.release_check", "may this checkout be released?"),
}


class Lazy(click.Group):
    def list_commands(self, ctx):
        return list(COMMANDS)

    def get_command(self, ctx, name):
        if name not in COMMANDS:
            return None
        return importlib.import_module(COMMANDS[name][0]).main

    def format_commands(self, ctx, formatter):
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def main():
    """The host tools of blynk_batch. COMMAND --help tells a command's options."""


if __name__ == "__main__":
    main(prog_name="python -m tools")
