"""upload.py SERVER TOKEN CA COPY...: drains the copy of a ring by the library's own uploader, then saves the copy.

CA is a file of PEM certificates for https, or "-". Prints `EVENT text` as it goes and `RESULT uploaded requests
pending` at the end, with `ERROR text` or `WAITING why` before it. What waits for a backoff is tried at once: it was
the board's, not this machine's.
"""

import sys

import blynk_batch
from blynk_batch.ring.state import SLEEP
from rings import in_words, open_ring


def main(server, token, ca, *copy):
    ring, save = open_ring(*copy)
    ring.set(SLEEP, None)  # the board's: nobody knows for how long it has been off, or asleep, by now
    transport = None
    if ca != "-":
        with open(ca, "rb") as f:
            transport = blynk_batch.HTTPS(ca=f.read())
    client = blynk_batch.Client(
        token, ring=ring, server=server, transport=transport, debug=lambda text: print("EVENT", text)
    )
    client.uploader().pace.proceed()
    result = client.upload()
    client.close()
    save()
    if result.error:
        print("ERROR", result.error)
    if result.waiting:
        print("WAITING", result.waiting)
    print("RESULT", result.uploaded, result.requests, result.pending)


try:
    main(*sys.argv[1:])
except Exception as e:  # noqa: BLE001 - the host tells the user
    print("FAILED", in_words(e))
    sys.exit(1)
