"""What the command lines share: kinds of options, and git."""

import subprocess
from urllib.parse import urlsplit

import click


class Parsed(click.ParamType):
    """A text that `parse` takes apart; its ValueError is the message."""

    def __init__(self, name, parse):
        self.name = name
        self.parse = parse

    def convert(self, value, param, ctx):
        if not isinstance(value, str):
            return value
        try:
            return self.parse(value)
        except ValueError as error:
            self.fail(str(error))


def server_url(context, parameter, value):
    """An option's callback: the address of a server, without a slash at its end."""
    try:
        parts = urlsplit(value)
        is_server = parts.scheme in ("http", "https") and parts.hostname and not parts.path.strip("/")
        is_server = is_server and parts.username is None
        parts.port, parts.netloc.encode("idna")  # noqa: B018 - ValueError where they are none
    except ValueError:
        is_server = False
    if not is_server:
        raise click.BadParameter("%r: must be like https://blynk.cloud" % value)
    return value.rstrip("/")


def git(root, *arguments):
    """What git prints about the checkout `root`; ClickException where there is none, as in an unpacked archive."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise click.ClickException("%s is no git checkout: this needs `git clone`, and git" % root)
    return done.stdout.strip()
