"""One upload over HTTP(S) and what came back. Follows, repeats and repairs nothing; never shows the token."""

import http.client
import ssl
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from tools.sandbox.contract import PATH

_TIMEOUT_S = 60
HIDDEN = "(token)"


class Answer(NamedTuple):
    """`status` 0: there was none, and `body` says why. Header names are in lower case."""

    status: int
    body: str
    headers: dict


def send(server, token, batch):
    """Uploads the batch over a connection of its own; its Answer."""
    parts = urlsplit(server)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=_TIMEOUT_S)
    path = "%s?token=%s&pin=%s" % (PATH, quote(token), batch.pin.lower())

    def hide(text):
        return text.replace(quote(token), HIDDEN).replace(token, HIDDEN)

    try:
        connection.request("POST", path, batch.body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        body = reply.read().decode("utf-8", "replace")
        return Answer(reply.status, hide(body), {name.lower(): hide(value) for name, value in reply.getheaders()})
    except ssl.SSLError as error:
        return Answer(0, hide("no TLS with it: %s" % error), {})
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, hide("no answer: %s" % (error or type(error).__name__)), {})
    finally:
        connection.close()
