"""Files on a board: listed with their hashes, written, removed. Paths are absolute, with "/".

Knows nothing of what the files are for.
"""

import ast
import base64
import hashlib

from tools.board.errors import BoardProblem, RemoteError

_CHUNK_BYTES = 768  # 1,024 characters of base64: one line that a board reads at once
_HASH_S = 60

# Prints (path, size, SHA-256) of every file at or below the paths.
_LIST = """
import os, hashlib, binascii
buf = bytearray(512)
def show(path):
    try:
        kind = os.stat(path)[0]
    except OSError:
        return
    if kind & 0x4000:
        for entry in os.ilistdir(path):
            show(path + '/' + entry[0])
        return
    size, h = 0, hashlib.sha256()
    with open(path, 'rb') as f:
        while True:
            n = f.readinto(buf)
            if not n:
                break
            size += n
            h.update(memoryview(buf)[:n])
    print((path, size, str(binascii.hexlify(h.digest()), 'ascii')), ',')
print('[')
for path in %r:
    show(path)
print(']')
"""


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def present(board, paths):
    """{path: (bytes, SHA-256)} of every file at or below `paths`; what is missing is left out."""
    text = board.exec(_LIST % (tuple(paths),), _HASH_S)
    found = ast.literal_eval(text[text.index("[") :])
    return {path: (size, digest) for path, size, digest in found}


def free_bytes(board):
    """Free bytes on the filesystem at the root, and the size of its blocks. A full littlefs says less than nothing."""
    block, free = board.ask("import os\ns = os.statvfs('/')\nprint((s[0], s[3]))")
    return max(0, block * free), block


def write(board, path, data):
    """The whole file, over what was there, with the folders that it needs. Raises BoardProblem when it is full."""
    try:
        _make_folders(board, path)
        board.exec("import binascii\na = binascii.a2b_base64\nf = open(%r, 'wb')\nw = f.write" % path)
        for start in range(0, len(data), _CHUNK_BYTES):
            board.exec("w(a(%r))" % base64.b64encode(data[start : start + _CHUNK_BYTES]))
        board.exec("f.close()")
    except RemoteError as error:
        if not error.is_no_space():
            raise
        board.exec("f.close()\nimport os\nos.remove(%r)" % path)
        raise BoardProblem("The board is full: %s did not fit. %s" % (path, HOW_TO_MAKE_SPACE % board.port))


HOW_TO_MAKE_SPACE = "Remove files that you do not need with `mpremote connect %s fs rm FILE`."


def _make_folders(board, path):
    folders = path.split("/")[1:-1]
    made = ["/" + "/".join(folders[: depth + 1]) for depth in range(len(folders))]
    code = "import os\nfor folder in %r:\n try: os.mkdir(folder)\n except OSError as e:\n  if e.args[0] != 17: raise"
    if made:
        board.exec(code % (made,))


def remove(board, paths):
    """Files, and then folders that are left empty."""
    board.exec("import os\nfor path in %r: os.remove(path)" % (list(paths),))
    folders = sorted({path.rpartition("/")[0] for path in paths} - {""}, key=len, reverse=True)
    board.exec("import os\nfor path in %r:\n try: os.rmdir(path)\n except OSError: pass" % (folders,))
