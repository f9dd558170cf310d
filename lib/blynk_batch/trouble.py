"""What a filesystem's error means for a ring in it, in words. Loaded with the first error."""

_WORDS = {
    2: "is not there: is its filesystem mounted, and the folder above it made?",
    5: "cannot be read or written: the medium failed or was taken out",
    19: "is not there: is its filesystem mounted?",
    20: "is not a folder, or lies in something that is none",
    22: "cannot be used by this filesystem: is it mounted and whole?",
    28: "has no room: the disk is full",
    30: "cannot be written: the filesystem is mounted read-only",
}


def explained(error, path):
    """The OSError with the same number that also says what to do; `error` itself if it has words already."""
    number = error.args[0] if len(error.args) == 1 else 0
    words = _WORDS.get(number)
    return OSError(number, "%s %s" % (path or "/", words)) if words else error
