"""MicroPython's own `requests` against the sandbox: what a board without the library would see."""

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
