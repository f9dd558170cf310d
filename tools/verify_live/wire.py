"""One request over HTTP(S) and what came back. Follows, repeats and repairs nothing; never shows the token."""

import http.client
import re
import ssl
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from tools.sandbox.contract import PATH

_TIMEOUT_S = 60
_MOST_BYTES = 1 << 26
_ELSEWHERE = "the token's region is elsewhere: run this again with SERVER=%s"
_UNKNOWN = "the service does not know this token: copy it from the device's page, and name its region as SERVER"


class Answer(NamedTuple):
    """`status` 0: there was none, and `body` says why. Header names are in lower case; `content`: the body's bytes."""

    status: int
    body: str
    headers: dict
    content: bytes = b""


def refusal(server, answer):
    """Why nothing more is to be asked of this server with this token, in one sentence; None where all is well."""
    if answer.status == 0:
        return "%s: %s" % (server, answer.body)
    if answer.status == 308 and (elsewhere := re.match("https?://[^/?#]+", answer.headers.get("location", ""))):
        return _ELSEWHERE % elsewhere.group()
    if "Invalid token" in answer.body:
        return _UNKNOWN
    if answer.status not in (200, 400):
        return "%s answers %d, which no Blynk server does: look at SERVER" % (server, answer.status)
    return None


def send(server, token, pin, body):
    """Uploads a batch."""
    return ask(server, "%s?token=%s&pin=%s" % (PATH, quote(token), pin.lower()), token, body)


def ask(server, path, token, body=None):
    """One request over a connection of its own, a POST if it has a body; its Answer."""
    parts = urlsplit(server)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=_TIMEOUT_S)

    def hide(text):
        return re.sub("%s|%s" % (re.escape(quote(token)), re.escape(token)), "(token)", text)

    try:
        connection.request("POST" if body else "GET", path, body, {"Content-Type": "application/json"} if body else {})
        reply = connection.getresponse()
        content = reply.read(_MOST_BYTES)
        headers = {name.lower(): hide(value) for name, value in reply.getheaders()}
        return Answer(reply.status, hide(content.decode("utf-8", "replace")), headers, content)
    except ssl.SSLError as error:
        return Answer(0, hide("no TLS with it: %s" % error), {})
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or error or type(error).__name__
        return Answer(0, hide("no answer: %s" % why), {})
    finally:
        connection.close()
