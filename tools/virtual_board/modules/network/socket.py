"""TCP sockets as a board has them, to the host's network; blocking, without TLS."""

import _net

AF_INET, SOCK_STREAM, IPPROTO_TCP = 2, 1, 6
SOL_SOCKET, SO_REUSEADDR = 0xFFF, 4


def _checked(answer):
    if isinstance(answer, int) and answer < -900:
        raise OSError(-1000 - answer)
    return answer


def getaddrinfo(host, port, *_):
    return [(AF_INET, SOCK_STREAM, IPPROTO_TCP, "", (_checked(_net.resolve(host)), port))]


class socket:
    def __init__(self, *_):
        self._id = 0
        self._file = None
        self._timeout_ms = -1

    def connect(self, address):
        self._id = _checked(_net.connect(address[0], address[1], self._timeout_ms))
        self._file = open("/dev/net/%d" % self._id, "r+b")

    def settimeout(self, seconds):
        self._timeout_ms = -1 if seconds is None else int(seconds * 1000)
        if self._id:
            _net.set_timeout(self._id, self._timeout_ms)

    def setblocking(self, flag):
        self.settimeout(None if flag else 0)

    def setsockopt(self, *_):
        pass

    def write(self, data):
        return self._file.write(data)

    send = sendall = write

    def recv(self, size):
        _net.read_once(self._id)
        return self._file.read(size)

    def read(self, *size):
        return self._file.read(*size)

    def readinto(self, *args):
        return self._file.readinto(*args)

    def readline(self):
        return self._file.readline()

    def makefile(self, *_):
        return self

    def close(self):
        if self._id:
            self._file.close()
            _net.close(self._id)
            self._id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
