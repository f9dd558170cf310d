"""drain.py LIBRARY WHO SOURCE URL TOKEN: deliver what is stored in SOURCE; `DRAINED points requests microseconds`.

ours: a ring in that folder, by upload(). csv: a file of lines, read one by one, `json.dumps` of 500 points of a pin,
`requests.post`, as a program that knows the batch call would. csv, one by one: a request for each point.
"""

import json
import sys
import time


def ours(source, url, token):
    from blynk_batch import Client, FileRing

    client = Client(token, ring=FileRing(source), server=url)
    start = time.ticks_us()
    result = client.upload()
    took = time.ticks_diff(time.ticks_us(), start)
    if result.error or result.pending:
        raise result.error or RuntimeError("%d left" % result.pending)
    return result.uploaded, result.requests, took


def csv(source, url, token, size=500):
    requests = __import__("requests")
    start = time.ticks_us()
    waiting = {}
    points = sent = 0

    def post(pin):
        address = "%s/external/api/batch/update?token=%s&pin=v%s" % (url, token, pin)
        reply = requests.post(address, data=json.dumps(waiting[pin]), headers={"Content-Type": "application/json"})
        if reply.status_code != 200:
            raise RuntimeError(reply.text)
        reply.close()
        waiting[pin] = []

    with open(source) as f:
        for line in f:
            ms, pin, value = line.split(",")
            waiting.setdefault(pin, []).append((int(ms), float(value)))
            points += 1
            if len(waiting[pin]) == size:
                post(pin)
                sent += 1
    for pin in waiting:
        if waiting[pin]:
            post(pin)
            sent += 1
    return points, sent, time.ticks_diff(time.ticks_us(), start)


sys.path[0] = sys.argv[1]
who = sys.argv[2]
if who == "ours":
    print("DRAINED", *ours(*sys.argv[3:6]))
else:
    print("DRAINED", *csv(*sys.argv[3:6], size=500 if who == "csv" else 1))
