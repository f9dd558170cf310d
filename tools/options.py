"""What the command lines share: how they help and fail, kinds of options, and git."""

import errno
import signal
import subprocess
import tempfile
from functools import partial
from urllib.parse import urlsplit

import click

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of which a write does not tell the file


class _Command(click.Command):
    def invoke(self, ctx):
        """One sentence for a file that cannot be used, such as what `sudo make` has left in build/."""
        _end_as_at_ctrl_c()
        try:
            return super().invoke(ctx)
        except OSError as error:
            if not error.filename and error.errno not in _FULL:
                raise
            name = error.filename or "a file here or in %s" % tempfile.gettempdir()
            raise click.ClickException("%s cannot be used: %s" % (name, error.strerror))


def _end_as_at_ctrl_c():
    """What is ended from outside, or by a terminal that closes, clears away what it began, too."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) == signal.SIG_DFL:  # not what nohup ignores
            signal.signal(number, signal.default_int_handler)


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
command = partial(click.command, cls=_Command, context_settings=_SETTINGS)  # in place of click's own


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
