"""peak.py LIBRARY FOLDER: drain the ring in FOLDER into nowhere; `PEAK points bytes`, the most in use on the heap.

LIBRARY is the folder with the library's sources or compiled files. Looks between chunks, where all of a drain is alive.
"""

import gc
import sys

sys.path[0] = sys.argv[1]
import blynk_batch  # noqa: E402


class Nowhere:
    peak = 0

    def post(self, url, headers, body, timeout_s):
        chunks = 0
        for _ in body:
            if chunks % 20 == 0:
                gc.collect()
                self.peak = max(self.peak, gc.mem_alloc())
            chunks += 1
        return 200, {}, b"OK"


nowhere = Nowhere()
client = blynk_batch.Client("token", ring=blynk_batch.FileRing(sys.argv[2]), transport=nowhere)
result = client.upload()
if result.error or result.pending:
    raise result.error or RuntimeError("%d left" % result.pending)
print("PEAK", result.uploaded, nowhere.peak)
