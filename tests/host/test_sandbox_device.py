"""MicroPython's own `requests` against the sandbox: what a board without the library would see, and how it gets it."""

from tests.host.wire import request
from tools.sandbox.testing import ROOT

SCRIPT = """
import sys
import requests

url, token = sys.argv[1:]
body = "[[1648054765458,1.0],[1648054825459,2.0],[1648054885460,3.0]]"
for pin in ("v1", "x1"):
    reply = requests.post(
        url + "/external/api/batch/update?token=" + token + "&pin=" + pin,
        data=body,
        headers={"Content-Type": "application/json"},
    )
    print(reply.status_code, reply.text)
    reply.close()
"""


def test_a_board_uploads_the_documents_own_example(sandbox, run_on_device):
    output = run_on_device(SCRIPT, sandbox.url, sandbox.token)
    assert output.splitlines() == ["200 OK", '400 {"error":{"message":"Wrong pin format."}}']
    assert sandbox.points() == [(1, 1648054765458, 1.0), (1, 1648054825459, 2.0), (1, 1648054885460, 3.0)]


def test_a_boards_own_mip_installs_the_library_from_the_sandbox(sandbox, run_on_device, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    install = "import mip, sys\nmip.install(sys.argv[1], target=sys.argv[2])"
    run_on_device(install, sandbox.url + "/mip/package.json", target)
    library = ROOT / "lib"
    sources = {path.relative_to(library): path.read_bytes() for path in library.rglob("*.py")}
    assert {path.relative_to(target): path.read_bytes() for path in target.rglob("*.py")} == sources
    for path in ("/mip/lib/..%2f..%2fMakefile", "/mip/lib/../../Makefile", "/mip/lib/"):
        assert request(sandbox.url, "GET", path).status in (403, 404)
