"""Says in plain words why there is no TLS. Loaded with the first handshake that fails."""

import time

from micropython import const

from .faults import NetworkError

_VERIFY_FAILED = const(-0x2700)  # Mbed TLS's number, where the firmware has no words for it


def error(cause, host):
    """The NetworkError that says why there is no TLS with `host`."""
    code = cause.args[0] if isinstance(cause, OSError) and cause.args else 0
    if isinstance(cause, ValueError) or code == _VERIFY_FAILED:
        words = "refused by this firmware" if code else ", ".join([line for line in str(cause).split("\n") if line])
        return NetworkError("the certificate of %s is not to be trusted: %s%s" % (host, words, _clock_hint()))
    if code <= -256:
        return NetworkError("no TLS with %s: %s; is this a TLS port?" % (host, cause.args[-1]))
    return NetworkError("the TLS handshake with %s broke off: %s %s" % (host, type(cause).__name__, cause))


def _clock_hint():
    from .clock import SystemClock

    if SystemClock().now() is not None:
        return ""
    today = time.gmtime()[:3]
    return "; this board's clock is not set, it shows %d-%02d-%02d: call blynk_batch.set_clock() first" % today
