"""What can stand between a tool and a board, each in one sentence that says what to do.

    BoardProblem
        PortProblem       no port, several, none of that name, in use, not allowed
        NoMicroPython     something answers, or nothing, but not MicroPython's REPL
        BoardLost         the board stopped answering
        RemoteError       the board raised a Python exception: `.text` is its traceback
"""

import click


class BoardProblem(click.ClickException):
    """Ends a command with its sentence and status 1."""


class PortProblem(BoardProblem):
    pass


class NoMicroPython(BoardProblem):
    def __init__(self, port, found=""):
        super().__init__(
            "%s does not answer as MicroPython%s: press its reset button and try again, or put the firmware on it "
            "with `make flash PORT=%s FIRMWARE=file`." % (port, found, port)
        )


class BoardLost(BoardProblem):
    def __init__(self, port, why):
        super().__init__(
            "%s stopped answering (%s): press its reset button and run this again; what is done already stays done."
            % (port, str(why).strip().rstrip(".") or "no reply")
        )


class RemoteError(BoardProblem):
    def __init__(self, text):
        self.text = text.replace("\r\n", "\n").strip()
        super().__init__("The board says: %s" % (self.text.splitlines() or ["nothing"])[-1])

    def is_no_space(self):
        """ENOSPC, by number or name, as firmwares print it."""
        last = (self.text.splitlines() or [""])[-1]
        return last.startswith("OSError") and ("ENOSPC" in last or last.endswith(" 28"))
