"""`make transports`: what each transport costs, measured against a sandbox on this machine, with and without TLS.

For every transport the time of a drain, the longest that another task had to wait for it, and the least heap that it
passes in, as .mpy. Times are of this machine: a board takes about fifty times as long for its arithmetic.
"""

import re
import sys
import tempfile
from pathlib import Path

import click
import trustme

from tools import device
from tools.bench.micropython import least
from tools.compiled import compile_library
from tools.options import command
from tools.sandbox.testing import Sandbox

DEVICE = Path(__file__).with_name("device.py")
KINDS = [
    (transport, scheme, way)
    for transport in ("Requests", "HTTPS")
    for scheme in ("http", "https")
    for way in ("blocking", "asyncio")
]
_STEP_KIB = 4
_MOST_KIB = 256


class Bench:
    """A sandbox with and one without TLS, and the compiled library, in a folder of its own."""

    def __init__(self, folder, points):
        self._folder = Path(folder)
        self._points = points
        compile_library(self._folder / "lib")
        root = trustme.CA()
        issued = root.create_child_ca().issue_cert("localhost", "127.0.0.1")
        root.cert_pem.write_to_path(str(self._folder / "root.pem"))
        issued.private_key_and_cert_chain_pem.write_to_path(str(self._folder / "chain.pem"))
        tls = {"certificate": self._folder / "chain.pem", "ca": self._folder / "root.pem"}
        self.sandboxes = {"http": Sandbox(total_limit=None), "https": Sandbox(total_limit=None, **tls)}

    def run(self, transport, scheme, way, kib=8192):
        """(requests, ms, ms of the longest block), or None if the heap was too small."""
        sandbox = self.sandboxes[scheme]
        url = sandbox.url.replace("127.0.0.1", "localhost")
        arguments = [self._folder / "lib", url, sandbox.token, self._folder / "root.pem", transport, way, self._points]
        with tempfile.TemporaryDirectory(dir=self._folder) as place:
            done = device.run(DEVICE, *arguments, heap="%dk" % kib, paths=[device.FROZEN], cwd=place)
        found = re.search(r"^DONE (\d+) (\d+) (\d+) (\d+)$", done.stdout, re.MULTILINE)
        if found and int(found.group(1)) == self._points:
            return tuple(map(int, found.groups()[1:]))
        if "memory" not in done.stdout.lower() and "ENOMEM" not in done.stdout:
            sys.exit("%s over %s: %s" % (transport, scheme, done.stdout))
        return None

    def least_heap(self, *kind):
        """KiB, to the next step."""
        return least(0, _MOST_KIB // _STEP_KIB, lambda step: self.run(*kind, kib=step * _STEP_KIB)) * _STEP_KIB


@command()
@click.option("--points", type=click.IntRange(1), default=10000, show_default=True, help="Readings in the drain.")
@click.option("--heap/--no-heap", default=True, show_default=True, help="Find the least heap, which takes a while.")
def main(points, heap):
    """Measure the transports."""
    print("| transport | server | way | drain | longest block | least heap |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="transports-") as folder:
        bench = Bench(folder, points)
        with bench.sandboxes["http"], bench.sandboxes["https"]:
            for kind in KINDS:
                _, total_ms, longest_ms = bench.run(*kind)
                least = "%d KiB" % bench.least_heap(*kind) if heap else "-"
                print("| `%s` | %s | %s | %d ms | %d ms | %s |" % (*kind, total_ms, longest_ms, least), flush=True)


if __name__ == "__main__":
    main()
