"""The sandbox's other calls of Blynk's HTTPS API: what is stored comes out by data/get, single values go in and out."""

import csv
import io
import json
import time
import zipfile
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from tests.host.wire import error, post, request
from tools.sandbox.testing import Sandbox

DAY = 86_400_000
NOW = int(time.time() * 1000)


def get(sandbox, path, **query):
    query = {"token": sandbox.token, **query}
    return request(
        sandbox.url, "GET", "/external/api/%s?%s" % (path, "&".join("%s=%s" % item for item in query.items()))
    )


def history(sandbox, **query):
    """{file in the archive: rows} behind the link that data/get gives."""
    reply = get(sandbox, "data/get", **query)
    assert reply.status == 200, reply.body
    link = json.loads(reply.body)["link"]
    assert link.startswith(sandbox.url + "/device_data_") and urlsplit(link).path.endswith(".zip")
    with urlopen(link) as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        return {name: list(csv.reader(io.StringIO(archive.read(name).decode()))) for name in archive.namelist()}


def test_raw_data_of_a_pin_comes_back_as_it_was_stored_duplicates_and_all(sandbox):
    post(sandbox, [[NOW - 5000, 21.5], [NOW - 9000, 'a,"b"'], [NOW - 5000, 21.5], [NOW, True], [NOW, [1.5, 2]]])
    post(sandbox, [[NOW, 7]], "v2")
    rows = [
        [str(NOW - 9000), 'a,"b"'], [str(NOW - 5000), "21.5"], [str(NOW - 5000), "21.5"],
        [str(NOW), "true"], [str(NOW), "[1.5, 2]"],
    ]  # fmt: skip
    assert history(sandbox, pin="v1") == {"V1.csv": rows}
    assert set(history(sandbox)) == {"V1.csv", "V2.csv"}


def test_a_month_is_given_and_three_where_they_are_averaged(sandbox):
    post(sandbox, [[NOW - days * DAY - 1000, days] for days in (1, 35, 61, 95, -35)])
    assert [row[1] for row in history(sandbox, pin="v1")["V1.csv"]] == ["1"]
    query = {"pin": "v1", "period": "THREE_MONTHS"}
    assert get(sandbox, "data/get", **query).body == error("Request with incorrect parameters")
    assert [float(row[1]) for row in history(sandbox, granularityType="MINUTE", **query)["V1.csv"]] == [61, 35, 1]
    assert history(sandbox, pin="v1", format="ISO_SIMPLE")["V1.csv"][0][0].count("-") == 2


def test_minutes_are_averaged_and_output_may_be_json(sandbox):
    start = (NOW - DAY) // 60_000 * 60_000
    post(sandbox, [[start, 1], [start + 1000, 2], [start + 60_000, 9], [start, "text"]])
    for source, first in (("AVG", 1.5), ("MIN", 1), ("MAX", 2), ("SUM", 3), ("COUNT", 2)):
        reply = get(sandbox, "data/get", pin="V1", granularityType="MINUTE", sourceType=source, output="JSON")
        assert json.loads(reply.body)["V1"][0] == [start, first]


@pytest.mark.parametrize(
    "query, status, message",
    [
        ({"token": ""}, 400, "No token provided."),
        ({"token": "stranger"}, 400, "Invalid token."),
        ({"pin": "x1"}, 400, "Wrong pin format."),
        ({"pin": "v1"}, 500, "No data"),
        ({"period": "YEAR"}, 500, "No enum constant cc.blynk.server.core.model.widgets.outputs.graph.Period.YEAR"),
    ],
)
def test_the_documented_errors_of_data_get(sandbox, query, status, message):
    reply = get(sandbox, "data/get", **query)
    assert (reply.status, reply.body) == (status, error(message))


def test_single_values_go_in_and_the_last_one_comes_out():
    with Sandbox(ds=["V1:integer:0:100", "V2:string", "V3:boolean", "V4:location"], others="none") as sandbox:
        assert get(sandbox, "update", v1=500).status == 200
        assert get(sandbox, "batch/update", v2=5, V3=1).status == 200
        assert get(sandbox, "update", pin="v4", value="1.5&value=2").status == 200
        assert [(pin, value) for pin, _, value in sandbox.points()] == [(1, 100), (2, "5"), (3, True), (4, [1.5, 2])]
        latest = [get(sandbox, "get", **{pin: ""}).body for pin in ("v1", "V2", "v3", "v4")]
        assert latest == ["100", "5", "true", "[1.5,2]"]
        assert get(sandbox, "update", v1="warm").body == error("Value doesn't match the Datastream data type")
        assert get(sandbox, "update", v9=1).body == error("No datastream setup for that pin.")
        assert get(sandbox, "update", x9=1).body == error("Wrong pin format.")
        assert get(sandbox, "isHardwareConnected").body == "false"
        assert request(sandbox.url, "HEAD", "/external/api/update?token=%s&v1=3" % sandbox.token).status == 405
        assert len(sandbox.requests()) == 6


def test_old_files_go_and_others_were_never_there(sandbox):
    post(sandbox, [[NOW, 1]])
    links = [json.loads(get(sandbox, "data/get").body)["link"] for _ in range(12)]
    assert len(set(links)) == 12
    assert [request(sandbox.url, "GET", urlsplit(link).path).status for link in (links[0], links[-1])] == [404, 200]
    assert request(sandbox.url, "GET", "/device_data_1.zip").status == 404
