"""`Requests` lends its sockets to the firmware's `requests` for one call: what others ask meanwhile is not its own."""

import pytest

from tests.host.peers import WIRE

STAND_INS = WIRE + """
import _thread
import sys
import time

import blynk_batch

wires = []
callbacks = {}

def waits(what):
    callbacks.pop(what, int)()  # as one of a soft timer may come, while the firmware waits

class Noted(Wire):
    def __init__(self):
        super().__init__()
        wires.append(self)

    def connect(self, address):
        waits("a callback in the connecting")

    def read(self, size):
        self.waited = not self.text  # a real one would, for its whole timeout
        return super().read(size)

class Sockets:
    socket = Noted

    def getaddrinfo(self, host, port):
        waits("a callback in the lookup")

class Module:
    socket = Sockets()

    def request(self, method, url):
        self.socket.getaddrinfo(url.split("/")[2], 80)
        waits("a callback behind the lookup")  # which on ESP32 lets none in
        made = self.socket.socket()
        made.connect(url)
        made.write(b"%s %s" % (method.encode(), url.encode()))
        return made

module = Module()
transport = blynk_batch.Requests(module)

def posted(body):
    return transport.post("http://localhost/x?token=secret", {}, body, 1)[0]
"""

MEANWHILE = """
def another():
    elsewhere.append(module.request("GET", "http://weather/").sent)

class Body:
    def __iter__(self):
        if who == "a thread":
            _thread.start_new_thread(another, ())
        elif who == "the body":
            another()
        for _ in range(3000):
            if not elsewhere:
                time.sleep_ms(1)
        yield b"[]"

    def watchdog(self):
        if who == "the watchdog" and not elsewhere:
            another()

who, elsewhere = sys.argv[1], []
if "callback" in who:
    callbacks[who] = another
print(posted(Body()), elsewhere)
"""

LEFT_BEHIND = """
class Body:
    def __iter__(self):
        lent.append(module.socket)
        yield b"[]"

lent = []
posted(Body())
module.socket = lent[0]
print(posted(Body()), [(len(wire.sent), wire.waited) for wire in wires])
"""

BROKEN_OFF = """
def short(*_):
    raise MemoryError  # as the first import of a firmware's TLS may

sys.modules["blynk_batch.http.requests"]._modules = short
try:
    transport.post("https://localhost/x?token=secret", {}, (b"[]",), 1)
except MemoryError:
    print(module.request("GET", "http://weather/").sent)
"""


CALLBACKS = ["a callback in the lookup", "a callback behind the lookup", "a callback in the connecting"]
WHO = ["a thread", *CALLBACKS, "the body", "the watchdog"]


@pytest.mark.parametrize("who", WHO)
def test_what_is_asked_meanwhile_by_the_same_module_stays_its_own(run_on_device, who):
    assert run_on_device(STAND_INS + MEANWHILE, who) == "200 [[b'GET http://weather/']]\n"


def test_what_two_clients_in_two_threads_leave_behind_does_no_harm(run_on_device):
    # The one that began first ends first: the other puts back what it found, which was lent.
    assert run_on_device(STAND_INS + LEFT_BEHIND) == "200 [(1, False), (1, False)]\n"


def test_what_is_asked_by_the_same_module_after_a_call_that_memory_ended_stays_its_own(run_on_device):
    assert run_on_device(STAND_INS + BROKEN_OFF) == "[b'GET http://weather/']\n"
