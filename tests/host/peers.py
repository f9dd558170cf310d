"""The other ends of a device's connections: certificates made on the spot, servers that misbehave, and a wire tap."""

import datetime
import socket
import ssl
import threading
from pathlib import Path

import trustme

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


class Authority:
    """A root certificate, an intermediate one, and servers' certificates below it; files in `folder`."""

    def __init__(self, folder):
        self._folder = Path(folder)
        self.root = trustme.CA()
        self._intermediate = self.root.create_child_ca()
        self.pem = self._file("root.pem", self.root.cert_pem.bytes())
        self.der = self._file("root.der", ssl.PEM_cert_to_DER_cert(self.root.cert_pem.bytes().decode()))

    def _file(self, name, data):
        path = self._folder / name
        path.write_bytes(data)
        return path

    def chain(self, name="localhost", **validity):
        """A PEM file with the key, the certificate and the intermediate one."""
        issued = self._intermediate.issue_cert(name, "127.0.0.1" if name == "localhost" else name, **validity)
        return self._file("%s-%d.pem" % (name, id(issued)), issued.private_key_and_cert_chain_pem.bytes())

    def self_signed(self):
        """A PEM file with a server's certificate that no authority has signed."""
        alone = trustme.CA()
        return self._file("self.pem", alone.private_key_pem.bytes() + alone.cert_pem.bytes())


def server_context(chain, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


class Listener:
    """Listens on a free port; serves each connection in a thread, by `serve(socket, its number from 0)`, which is given
    or a subclass's, and closes it."""

    def __init__(self, serve=None):
        self.serve = serve or self.serve
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.connections = 0
        self._open = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            self._open.append(connection)
            threading.Thread(target=self._run, args=(connection, number), daemon=True).start()

    def _run(self, connection, number):
        try:
            self.serve(connection, number)
        except (OSError, EOFError):
            pass
        finally:
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Tap(Listener):
    """Passes connections on to `port`, and keeps what the device sent in `sent`, as it went over the wire."""

    def __init__(self, port):
        self._target = port
        self.sent = b""
        super().__init__()

    def serve(self, connection, number):
        with socket.create_connection(("127.0.0.1", self._target)) as onward:
            back = threading.Thread(target=self._pump, args=(onward, connection, False), daemon=True)
            back.start()
            self._pump(connection, onward, True)
            back.join()

    def _pump(self, source, target, keep):
        try:
            while data := source.recv(65536):
                if keep:
                    self.sent += data
                target.sendall(data)
        except OSError:
            pass
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Scripted(Listener):
    """Answers request number n (from 0, over all connections) with `script(n)`: bytes to send and keep the connection;
    (bytes, "close") to end it; None to say nothing and end it; or anything else to say nothing and wait.

    `context`: an SSLContext for TLS. `requests`: (number of the connection, head, body) of each whole request."""

    def __init__(self, script, context=None):
        self._script = script
        self._context = context
        self.requests = []
        self.failures = []
        super().__init__()

    def serve(self, connection, number):
        if self._context:
            try:
                connection = self._context.wrap_socket(connection, server_side=True)
            except (OSError, ValueError) as error:
                self.failures.append(str(error))
                return
        with connection, connection.makefile("rb") as stream:
            while True:
                head, body = read_request(stream)
                self.requests.append((number, head, body))
                answer = self._script(len(self.requests) - 1)
                if answer is None:
                    return
                if isinstance(answer, tuple):
                    connection.sendall(answer[0])
                    return
                if not isinstance(answer, bytes):
                    stream.read(1)
                    return
                connection.sendall(answer)

    @property
    def bodies(self):
        return [body for _, _, body in self.requests]


def read_request(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            raise EOFError
        head += line
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return head, body

# For scripts on the device: in place of a firmware's module `socket`; whatever is written there, the reply is OK.
WIRE = """
class Wire:
    def __init__(self):
        self.sent, self.text = [], b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nOK"

    def write(self, data):
        self.sent.append(bytes(data))
        return len(data)

    def read(self, size):
        text, self.text = self.text[:size], self.text[size:]
        return text

    def settimeout(self, *_):
        pass

    setsockopt = connect = close = settimeout

class Sockets:
    SOCK_STREAM = 1

    def __init__(self, kind):
        self.kind = kind

    def getaddrinfo(self, *_):
        return [(2, 1, 6, "", ("127.0.0.1", 80))]

    def socket(self, *_):
        return self.kind()
"""
