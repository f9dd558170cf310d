"""One request, one whole reply: by the firmware's `requests`, or over verified TLS of our own.

Knows nothing of readings and what is in a batch.
"""
