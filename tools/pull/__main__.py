"""make pull: the command line. Options, what is printed, and in which order things happen."""

import ssl
import sys
import tempfile
from pathlib import Path

import click

from tools.options import command, server_url
from tools.pull import exports, reading
from tools.pull.board import FromBoard
from tools.pull.sources import FromFolder, FromImage

_PENDING = ("pending", "held")


_FILE = click.Path(exists=True, dir_okay=False)
_FOLDER = click.Path(exists=True, file_okay=False)
_OUTPUT = click.Path(dir_okay=False, allow_dash=True)
_SIZE = click.IntRange(min=1)


@command()
@click.option("--port", help="Read the ring off the board at this serial port, such as /dev/ttyACM0 or COM5.")
@click.option("--image", type=_FILE, help="Read a file with a flash chip's bytes.")
@click.option("--folder", type=_FOLDER, help="Read the folder of a FileRing.")
@click.option("--path", default="/blynk_batch.ring", show_default=True, help="FileRing's folder there.")
@click.option("--device", help="A BlockRing on the board: the Python expression for its device, imports and all.")
@click.option("--page", type=_SIZE, help="BlockRing's page_size on whole blocks. [default: as seen]")
@click.option("--unit", type=_SIZE, default=1, show_default=True, help="BlockRing's unit: 16 under flash encryption.")
@click.option("--csv", type=_OUTPUT, help="Write the points to this CSV file; - prints them.")
@click.option("--json", type=_OUTPUT, help="Write the points as lines of JSON; - prints them.")
@click.option("--all", "everything", is_flag=True, help="Export also what the server has, as far as it is still there.")
@click.option("--upload", is_flag=True, help="Send what is pending, in the board's place; needs --token.")
@click.option("--server", default="https://blynk.cloud", show_default=True, callback=server_url, help="Your region's.")
@click.option("--token", envvar="BLYNK_TOKEN", help="The device's auth token; or set BLYNK_TOKEN.")
@click.option("--put-back", is_flag=True, help="After --upload, note at the source what was accepted.")
def main(**options):
    """Read a ring off a board, a flash image or a folder; check, export or upload it. The source stays as it is
    unless --put-back is given."""
    check(options)
    try:
        with tempfile.TemporaryDirectory(prefix="pull-") as work:
            good = pull(options, Path(work))
    except BrokenPipeError:  # click ends quietly
        raise
    except OSError as error:
        name = "%s: " % error.filename if error.filename else ""
        raise click.ClickException(name + (error.strerror or str(error)))
    sys.exit(0 if good else 1)


def pull(options, work):
    """Read, export, report and send as the options say; False if the upload was not accepted."""
    source = take(options, work)
    summary = export(source.copy, options, work)
    report(summary)
    if not options["upload"]:
        return True
    good = send(source.copy, options["server"], options["token"], summary["pending"])
    if options["put_back"]:
        say("put back", "%d files" % len(source.put_back()))
    return good


def take(options, work):
    """The Source that the options name."""
    blocks = {"page": options["page"], "unit": options["unit"]}
    if options["port"]:
        return FromBoard(options["port"], work, options["path"], options["device"], **blocks)
    if options["image"]:
        return FromImage(options["image"], work, options["path"], **blocks)
    return FromFolder(options["folder"], work)


def check(options):
    """UsageError for options that do not go together."""
    if sum(bool(options[name]) for name in ("port", "image", "folder")) != 1:
        raise click.UsageError("give one of --port, --image and --folder")
    if options["device"] and not options["port"]:
        raise click.UsageError("--device goes with --port")
    page = options["page"]
    if page and (page < 512 or page & (page - 1)):
        raise click.UsageError("--page %d: a power of two, 512 or more" % page)
    source = Path(options["image"] or options["folder"] or ".").resolve()
    for name in ("csv", "json"):
        if options[name] in (None, "-"):
            continue
        output = Path(options[name]).resolve()
        if output == source or options["folder"] and source in output.parents:
            raise click.UsageError("--%s %s: that is where the ring is" % (name, options[name]))
    if options["csv"] and options["json"] and Path(options["csv"]).resolve() == Path(options["json"]).resolve():
        raise click.UsageError("--csv and --json: two exports need two files")
    if options["upload"] and not options["token"]:
        raise click.UsageError("--upload needs --token")
    if options["put_back"] and not options["upload"]:
        raise click.UsageError("--put-back goes with --upload")
    if options["put_back"] and options["device"]:
        raise click.UsageError("--put-back: only the files of a FileRing can be put back onto a board")


def export(copy, options, work):
    """Write the points that were asked for, once all could be read; the summary."""
    summary = None
    with exports.Outputs({exports.Csv: options["csv"], exports.JsonLines: options["json"]}, work) as outputs:
        for record in reading.records(copy):
            if "summary" in record:
                summary = record["summary"]
            elif options["everything"] or record["state"] in _PENDING:
                outputs.add(record)
    for path in outputs.paths:
        say("written", "%d points to %s" % (outputs.points, path))
    return summary


def say(name, text):
    """A line for people: on standard error, so that an export can be piped on."""
    click.echo("%-11s %s" % (name, text), err=True)


def report(summary):
    """What the check found."""
    say("ring", "%(sectors)d sectors in use, %(used_bytes)d of %(capacity_bytes)d bytes, %(frames)d frames" % summary)
    say("pending", "%(pending)d points, %(held)d of them held" % summary)
    if summary["held"]:
        say("held", summary["words"])
    say("lifetime", "%(logged)d logged, %(uploaded)d uploaded, %(dropped)d dropped, %(skipped)d skipped, "
        "%(expired)d expired, %(rejected)d rejected" % summary)  # fmt: skip
    if summary["unreadable_frames"] or summary["lost_here"]:
        say("damage", "%(unreadable_frames)d unreadable frames, %(lost_here)d points lost with them" % summary)
    else:
        say("damage", "none")


def send(copy, server, token, pending):
    """Drain the copy; True if nothing is left for want of a good answer."""
    ca = certificates() if server.startswith("https:") else "-"
    with click.progressbar(length=pending, label="uploading", file=sys.stderr) as bar:
        said = []
        for line in reading.run("upload.py", server, token, ca, *copy, failed="nothing was sent"):
            kind, _, text = line.partition(" ")
            words = text.split()
            if kind == "EVENT" and text.endswith("accepted"):
                bar.update(int(words[1]))
            said.append((kind, text))
    outcome = dict(said)
    uploaded, requests, left = outcome["RESULT"].split()
    say("uploaded", "%s points in %s requests, %s left" % (uploaded, requests, left))
    for kind in ("ERROR", "WAITING"):
        if kind in outcome:
            say(kind.lower(), outcome[kind])
    return "ERROR" not in outcome and "WAITING" not in outcome


def certificates():
    """This machine's root certificates, as a file of PEM."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.cafile, paths.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"):
        if path and Path(path).is_file():
            return path
    raise click.ClickException("this machine has no file of root certificates: set SSL_CERT_FILE to one")


if __name__ == "__main__":
    main()
