"""The command line: options, what is printed at the start, and a clean end on Ctrl-C or SIGTERM.

The first line printed names the URL; then the token to use and a curl line to paste.
"""

import asyncio
import math
import os
import secrets
import signal
import socket
import sqlite3
import ssl
import string
import sys
import time
from pathlib import Path
from urllib.parse import quote

import click

from tools.device import ROOT
from tools.options import Parsed, command
from tools.sandbox import contract, rules
from tools.sandbox.faults import parse_fault
from tools.sandbox.ledger import Ledger, LedgerError
from tools.sandbox.regions import HOME
from tools.sandbox.server import Server

_DATABASE = ROOT / "build" / "sandbox.sqlite"
_LIMITS = contract.Limits()
_PORT = click.IntRange(0, 65535)
_SIZE = click.IntRange(1)
_PEM = click.Path(exists=True, dir_okay=False, path_type=Path)


def _limit(kind):
    """A type of option: a number, or "none" to switch the limit off."""

    def parse(text):
        if text.lower() == "none":
            return None
        try:
            number = kind(text)
        except ValueError:
            raise ValueError("%r is neither a number nor none" % text)
        if not 0 <= number < math.inf:  # nor is NaN
            raise ValueError("%r: a number from 0 on, or none" % text)
        return number

    return Parsed("number|none", parse)


def _parse_region(text):
    name, equals, port = text.partition("=")
    if not name or name == HOME or (equals and not (port.isdigit() and int(port) <= _PORT.max)):
        raise ValueError("%r is no region; write a name such as ny3, or ny3=PORT" % text)
    return name, int(port or 0)


@command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 lets a board in.")
@click.option("--port", default=8080, type=_PORT, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--certificate", type=_PEM, help="Speak HTTPS with this certificate chain, a PEM file.")
@click.option("--key", type=_PEM, help="Its private key, a PEM file [default: in the same file].")
@click.option(
    "--database", default=_DATABASE, type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file that keeps everything [default: build/sandbox.sqlite].",
)
@click.option(
    "--token", "tokens", multiple=True, metavar="TOKEN[@REGION]",
    help="Device token that is valid; repeat for more [default: those in the database, else a new one].",
)
@click.option(
    "--region", "regions", multiple=True, type=Parsed("name[=port]", _parse_region),
    help="One more region, on a port of its own; the first is called home.",
)
@click.option(
    "--datastream", "--ds", "datastreams", multiple=True, type=Parsed("pin:type[:low:high]", rules.parse_datastream),
    help="Declare a pin's data type (%s), and the limits to which its numbers are cut; repeat for more."
    % ", ".join(rules.KINDS),
)
@click.option(
    "--others", type=click.Choice(rules.OTHERS),
    help="What other pins take: any value, or nothing, having no datastream [default: none if a type is declared].",
)
@click.option("--max-age-days", default="none", show_default=True, type=_limit(float), help="Oldest timestamp taken.")
@click.option(
    "--drop", multiple=True, type=click.Choice(rules.REASONS),
    help="Answer 200 OK and leave out the points that are bad for this reason, instead of refusing their batch.",
)
@click.option(
    "--words", multiple=True, type=Parsed("reason=text", rules.parse_words),
    help="Refuse for this reason in these words.",
)
@click.option("--batch-limit", default=_LIMITS.batch_points, show_default=True, type=_SIZE, help="Points in one batch.")
@click.option("--request-bytes", default=_LIMITS.request_bytes, show_default=True, type=_SIZE, help="Headers and body.")
@click.option(
    "--total-limit", default=_LIMITS.total_points or "none", show_default=True, type=_limit(int),
    help="Points per device in total.",
)
@click.option(
    "--day-limit", default=_LIMITS.points_per_day or "none", show_default=True, type=_limit(int),
    help="Points per device and UTC day.",
)
@click.option("--allow-chunked", is_flag=True, help="Accept requests without Content-Length.")
@click.option(
    "--fault", "faults", multiple=True, type=Parsed("name:setting=value,...", parse_fault),
    help="Start with a fault, such as server_error:status=502,count=3; GET /sandbox/faults lists them.",
)
def main(host, port, certificate, key, database, tokens, regions, faults, allow_chunked, **limits):
    """A local stand-in for Blynk's timestamped batch upload. It keeps every point and misbehaves on request."""
    if not host:  # which would listen everywhere
        raise click.UsageError("--host is empty")
    tls = _tls(certificate, key)
    names = [HOME, *(name for name, _ in regions)]
    if len(set(names)) < len(names):
        raise click.UsageError("a region is named twice: %s" % ", ".join(names))
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        ledger = Ledger(database)
        devices = _devices(tokens, ledger, names)
        server = Server(ledger, devices, _limits(limits), _rules(limits), names[1:], allow_chunked)
        for name, settings in faults:
            server.faults.add(name, settings)
    except LedgerError as error:
        raise click.ClickException(str(error))
    except sqlite3.Error as error:
        raise click.ClickException("cannot use %s as the database: %s; choose another --database" % (database, error))
    try:
        asyncio.run(_serve(server, host, port, [number for _, number in regions], tls))
    finally:
        ledger.close()


def _tls(certificate, key):
    if not certificate:
        if key:
            raise click.UsageError("--key needs --certificate")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise click.ClickException("no certificate with its key in %s: %s" % (key or certificate, error))
    return context


def _limits(options):
    return contract.Limits(
        batch_points=options["batch_limit"],
        request_bytes=options["request_bytes"],
        total_points=options["total_limit"],
        points_per_day=options["day_limit"],
    )


def _rules(options):
    streams = dict(options["datastreams"])
    if len(streams) < len(options["datastreams"]):
        raise click.UsageError("a pin is declared twice by --datastream")
    others = options["others"] or ("none" if any(stream.kind != "none" for stream in streams.values()) else "any")
    return rules.Rules(streams, others, options["max_age_days"], options["drop"], dict(options["words"]))


def _devices(tokens, ledger, regions):
    """{token: region} from the command line, else from the database, else a new token."""
    devices = {}
    for text in tokens:
        token, _, region = text.partition("@")
        if not token:
            raise click.ClickException("--token %r: the token is empty" % text)
        if not token.isascii() or not token.replace("-", "").replace("_", "").isalnum():
            raise click.ClickException("--token %r: only letters, digits, - and _ are in a token" % text)
        if (region or HOME) not in regions:
            raise click.ClickException("%r: no region is named so; there are: %s" % (text, ", ".join(regions)))
        devices[token] = region or HOME
    known = {token: region for token, (_, region) in ledger.devices().items() if region in regions}
    return devices or known or {_new_token(): HOME}


def _new_token():
    """32 characters as Blynk's tokens have."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32))


async def _serve(server, host, port, region_ports, tls):
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await server.start(host, port, region_ports, tls)
        _greet(server, host)
        await stopped.wait()
    except OSError as error:
        raise click.ClickException("cannot listen on %s: %s" % (host, error.strerror or error))
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):  # a second one does not cut a clean end short
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)
        await server.stop()


def _greet(server, host):
    try:
        click.echo("\n".join(_greeting(server, host)))
    except BrokenPipeError:  # whoever started this has read the first line and looks no further
        sys.stdout = open(os.devnull, "w")


def addresses():
    """This machine's own IPv4 addresses, the one that leads out first."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: the system picks the address that it would send from
            found.append(probe.getsockname()[0])
        except OSError:
            pass  # no network leads out
    try:
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        pass  # its name is not known to itself
    return [address for address in dict.fromkeys(found) if not address.startswith("127.")]


def _greeting(server, host):
    urls = server.regions.urls({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host))
    home = urls.pop(HOME)
    token = next(iter(server.devices))
    yield "Sandbox at %s (its page shows what arrives)" % home
    for name, (_, region) in server.devices.items():
        yield "token %s%s" % (name, "" if region == HOME else " of region " + region)
    for name, url in urls.items():
        yield "region %s at %s" % (name, url)
    yield "curl -X POST '%s%s?token=%s&pin=v1' -H 'Content-Type: application/json' -d '[[%d,21.5]]'" % (
        home, contract.PATH, quote(token), time.time() * 1000,
    )  # fmt: skip
    yield "database %s" % server.ledger.path
    if host in ("0.0.0.0", "::"):
        for address in addresses():
            yield "a board in the same network uses %s" % server.regions.urls(address)[HOME]
    yield "Ctrl-C stops it."
