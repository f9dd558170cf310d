"""What the command lines' options share."""

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
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
        raise click.BadParameter("%r: must be like https://blynk.cloud" % value)
    return value.rstrip("/")
