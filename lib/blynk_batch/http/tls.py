"""TLS that verifies: from the root certificate to what the firmware's TLS module makes of it, and why there is none.

Knows that module by its names; no sockets, no HTTP. Loaded with the first https:// request of a drain or a handshake
that fails, and let go.
"""

import os
import time
from binascii import a2b_base64

from micropython import const

from ..errors import NetworkError

_BEGIN = const("-----BEGIN CERTIFICATE-----")
_END = const("-----END CERTIFICATE-----")
_VERIFY_FAILED = const(-0x2700)  # Mbed TLS's numbers; of this one some firmware has no words
_ALERT = const(-0x7780)


def check(ca):
    """ValueError or TypeError, which names the rule, for one of `ca` (see https.py) that cannot be a certificate."""
    for one in ca:
        if isinstance(one, str) and _BEGIN not in one:
            try:
                os.stat(one)
            except OSError:
                raise ValueError("ca: %r is neither PEM text nor the path of a file" % one[:80])
        elif not isinstance(one, (str, bytes, bytearray)):
            raise TypeError("ca: must be a certificate in bytes or str, or a file's path, not %r" % (one,))
        elif not isinstance(one, str) and one[:1] != b"0" and _BEGIN.encode() not in one:
            raise ValueError("ca: these bytes are no certificate: DER begins with 0x30, PEM has " + _BEGIN)


def context(ca):
    """What has `wrap_socket` and trusts `ca` alone. NetworkError if there is no certificate in `ca`, or the firmware
    cannot verify one."""
    roots = []
    for part in ca:
        try:
            roots.extend(parse(part))
        except (OSError, ValueError) as e:
            raise NetworkError("ca: no certificate can be read from it: %r" % e)
    if not roots:
        raise NetworkError("https:// needs HTTPS(ca=...), the root certificate that the server's leads to")
    for name in ("tls", "ssl"):
        try:
            module = __import__(name)
        except ImportError:
            continue
        if hasattr(getattr(module, "SSLContext", None), "load_verify_locations"):
            made = module.SSLContext(module.PROTOCOL_TLS_CLIENT)
            made.verify_mode = module.CERT_REQUIRED
            for root in roots:
                try:
                    if name == "tls":
                        made.load_verify_locations(root)
                    else:  # all that MicroPython 1.22 has: by position it takes the path of a file
                        made.load_verify_locations(cadata=root)
                except ValueError as e:
                    raise NetworkError("ca: the firmware cannot read the certificate: %s" % e)
            return made
    raise NetworkError("this firmware's TLS cannot verify certificates: update it to MicroPython 1.22")


def parse(one):
    """The certificates in one part of `ca`, each as DER."""
    if isinstance(one, str) and _BEGIN not in one:
        with open(one, "rb") as file:
            one = file.read()
    if not isinstance(one, str):
        if _BEGIN.encode() not in one:
            return [bytes(one)] if one else []
        one = one.decode()
    return [a2b_base64("".join(part.split(_END)[0].split())) for part in one.split(_BEGIN)[1:]]


def failed(cause, host):
    """The NetworkError that says why there is no TLS with `host`."""
    code = cause.args[0] if isinstance(cause, OSError) and cause.args else 0
    if isinstance(cause, ValueError) or code == _VERIFY_FAILED:
        words = "refused by this firmware" if code else ", ".join([line for line in str(cause).split("\n") if line])
        return NetworkError("the certificate of %s is not to be trusted: %s%s" % (host, words, _clock_hint()))
    if code <= -256:
        hint = "does it want another TLS version, or name?" if code == _ALERT else "is this a TLS port?"
        return NetworkError("no TLS with %s: %s; %s" % (host, cause.args[-1], hint))
    return NetworkError("the TLS handshake with %s broke off: %s %s" % (host, type(cause).__name__, cause))


def _clock_hint():
    from ..clock.wall import SystemClock

    today = "%d-%02d-%02d" % time.gmtime()[:3]
    if SystemClock().now() is not None:
        return "; it is %s here" % today
    return "; this board's clock is not set, it shows %s: is NTP blocked (UDP port 123)?" % today
