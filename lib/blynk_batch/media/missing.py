"""What a filesystem means by saying that a file is not there."""

MISSING = (2, 13, 20, 21)  # ENOENT, EACCES, ENOTDIR, EISDIR


def is_missing(error):
    """The number of an OSError that says that there is no such file; any other is raised: it may be there."""
    if error.errno not in MISSING:
        raise error
    return error.errno


def open_there(name):
    """The file, to be read. After a read that failed, littlefs finds nothing of what is there once: so it is asked
    twice."""
    try:
        return open(name, "rb")
    except OSError as e:
        is_missing(e)
    return open(name, "rb")
