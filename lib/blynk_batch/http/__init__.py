"""One request, one whole reply: blocking on any firmware, or over verified TLS, under asyncio too.

Knows nothing of readings and what is in a batch.
"""
