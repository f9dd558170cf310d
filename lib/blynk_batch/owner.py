"""Whose answers the upload's state is: another token or server takes over the data, but none of what was learned.

Works on a Ring once in a boot; knows the uploader's keys and nothing of what they mean.
"""

from hashlib import sha256

from . import state as keys
from .state import BACKOFF, BAD, BUDGET, HELD, OWNER, REGION, SIZE, STRIKES


def adopt(ring, token, server):
    """Forget what another owner's server said; his parked pins are tried anew."""
    owner = sha256(("%s %s" % (server, token)).encode()).digest()[:8]
    if ring.state.get(OWNER) != owner:
        ring.set(OWNER, owner)
        ring.forget(REGION, SIZE, STRIKES, BAD, HELD, BACKOFF, BUDGET)
        for key in keys.parked_keys(ring.state):
            ring.set(key, tuple(ring.state[key][:4]) + (0,))
