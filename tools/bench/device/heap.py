"""heap.py LIBRARY STAGE FOLDER [URL TOKEN]: a whole job up to STAGE in the heap it was given; `DONE n` says it fits.

STAGE is import, open, log or drain; LIBRARY the folder with the library's sources or compiled files; FOLDER the ring.
`in use` is what lies on the heap at the end. Small, since it takes part of that heap itself.
"""

import gc
import sys

sys.path[0] = sys.argv[1]
stage = sys.argv[2]
found = 0
import blynk_batch  # noqa: E402

client_class = blynk_batch.Client
if stage != "import":
    ring = blynk_batch.FileRing(sys.argv[3], capacity_bytes=262144)
    server = sys.argv[4] if len(sys.argv) > 4 else "https://blynk.cloud"
    client = client_class(sys.argv[-1], ring=ring, server=server)
    if stage != "open":
        for number in range(20):
            client.log(1, 21.5 + number / 8, timestamp=1748054765458 + number * 10000)
    if stage == "drain":
        result = client.upload()
        if result.error:
            raise result.error
        found = result.uploaded - 20
        print("REQUESTS", result.requests)
gc.collect()
print("DONE", found, gc.mem_alloc())
