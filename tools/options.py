"""What the command lines' options share."""

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
