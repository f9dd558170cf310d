"""What http/tls.py makes of certificates, and of what the firmware's TLS raises.

tests/host/test_https.py has it at work.
"""

import sys
import time

import blynk_batch
from blynk_batch.clock.wall import SystemClock
from blynk_batch.http import tls

WASM = False  # there is no TLS
DER = b"\x30\x03\x02\x01\x05"
PEM = "-----BEGIN CERTIFICATE-----\nMAMC\nAQU=\n-----END CERTIFICATE-----\n"


def refused(ca):
    try:
        blynk_batch.HTTPS(ca=ca)
    except (TypeError, ValueError) as e:
        return str(e)


def test_a_certificate_is_der_or_pem_in_bytes_or_text_or_a_file():
    with open("root.pem", "w") as file:
        file.write("words before\n" + PEM + PEM)
    with open("root.der", "wb") as file:
        file.write(DER)
    for ca, count in ((DER, 1), (bytearray(DER), 1), (PEM, 1), (PEM.encode(), 1), ("root.pem", 2), ("root.der", 1)):
        assert refused(ca) is None and tls.parse(ca) == [DER] * count, ca
        assert refused((DER, ca)) is None and refused([ca]) is None, ca
    assert tls.parse(b"") == []


def test_what_is_none_is_told_by_its_rule():
    assert "neither PEM text nor the path of a file" in refused("nowhere.pem")
    assert "neither PEM text nor the path of a file" in refused((DER, "nowhere.pem"))
    assert "DER begins with 0x30" in refused(b"\x31\x03\x02\x01\x05")
    assert "must be a certificate" in refused(5) and "must be a certificate" in refused((DER, None))


def test_a_handshake_that_fails_is_told_by_its_cause():
    def words(*args, kind=OSError):
        return str(tls.failed(kind(*args), "a.b"))

    assert "not to be trusted: bad; worse" in words("bad\n\nworse\n", kind=ValueError).replace(", ", "; ")
    assert "not to be trusted: refused by this firmware" in words(-0x2700, "x")
    for code in (-256, -0x7200):
        assert words(code, "why") == "no TLS with a.b: why; is this a TLS port?"
    assert words(-0x7780, "why") == "no TLS with a.b: why; does it want another TLS version, or name?"
    for args in ((), (104,), (-255,)):
        assert words(*args).startswith("the TLS handshake with a.b broke off: OSError"), args
    assert words("words", kind=RuntimeError) == "the TLS handshake with a.b broke off: RuntimeError words"


def test_a_certificate_that_fails_while_the_clock_is_not_set_points_to_the_clock():
    now = SystemClock.now
    try:
        SystemClock.now = lambda self: None
        text = str(tls.failed(ValueError("validity starts in the future"), "blynk.cloud"))
    finally:
        SystemClock.now = now
    assert "clock is not set, it shows %d-" % time.gmtime()[0] in text and "NTP" in text, text
    assert "clock" not in str(tls.failed(ValueError("validity starts in the future"), "blynk.cloud"))


def test_a_certificate_that_fails_is_told_with_the_date_that_it_was_judged_by():
    # A clock that is set wrong looks like a server whose certificate has expired.
    text = str(tls.failed(ValueError("validity has expired"), "blynk.cloud"))
    assert text.endswith("validity has expired; it is %d-%02d-%02d here" % time.gmtime()[:3]), text


class Ssl:
    """The only such module of MicroPython 1.22: by position it takes a file's path, as CPython's does."""

    PROTOCOL_TLS_CLIENT, CERT_REQUIRED = 0, 2

    class SSLContext:
        def __init__(self, protocol):
            self.roots = []

        def load_verify_locations(self, cafile=None, *, cadata=None):
            if cafile is not None:
                raise OSError(2)
            self.roots.append(cadata)


def test_the_module_of_1_22_is_given_certificates_not_paths():
    before = [(name, sys.modules.get(name)) for name in ("tls", "ssl")]
    try:
        sys.modules["tls"], sys.modules["ssl"] = object(), Ssl
        assert tls.context([DER, PEM]).roots == [DER, DER]
    finally:
        for name, module in before:
            sys.modules.pop(name)
            if module:
                sys.modules[name] = module
