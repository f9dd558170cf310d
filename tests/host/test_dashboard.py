"""The sandbox's page in a real browser: live charts and ledger, fault switches, keyboard, phone, no internet."""

import math
import subprocess
import time

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.host.browser import Page
from tests.host.wire import post
from tools.sandbox.testing import ROOT, Sandbox

T = 1790000000000
MINUTE = 60_000


def wave(size, start=0):
    return [[T + i * MINUTE, round(20 + math.sin(i / 50), 2)] for i in range(start, start + size)]


def test_an_empty_page_shows_the_command_that_makes_a_first_point(page, sandbox):
    command = page.text("#curl")
    assert command.startswith("curl -X POST '%s?token=%s&pin=v1'" % (sandbox.upload_url().split("?")[0], sandbox.token))
    subprocess.run(["sh", "-c", command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    page.until(lambda: page.chart("V1").get("points") == 1)
    assert page.find("#curl")[0].is_displayed() is False


def test_points_appear_while_the_page_is_open(page, sandbox):
    page.draw(wave(500))
    assert page.ink("V1", "--accent") > 100
    post(sandbox, wave(700, 500))
    post(sandbox, wave(300), "v2")
    page.until(lambda: page.chart("V1").get("points") == 1200 and page.chart("V2").get("drawn") == 300)
    page.until(lambda: page.totals()["Points"] == "1,500")
    assert [row[2:4] for row in page.ledger()] == [["V2", "300"], ["V1", "700"], ["V1", "500"]]


def test_silence_is_shown_as_a_gap(page, sandbox):
    page.draw(wave(400))
    assert page.chart("V1")["gaps"] == 0
    assert page.ink("V1", "--gap") == 0
    post(sandbox, wave(400, 800))
    page.until(lambda: page.chart("V1").get("gaps") == 1)
    page.until(lambda: page.ink("V1", "--gap") > 5000)
    assert "1 gap" in page.text(".chart .range")


def test_the_ledger_tells_duplicates_lateness_and_refusals(page, sandbox):
    now = int(time.time() * 1000)
    batch = [[now - 7_200_000, 1], [now - 3_600_000, 2]]
    post(sandbox, batch)
    post(sandbox, batch)
    post(sandbox, batch, "v300")
    page.until(lambda: len(page.ledger()) == 3)
    refused, second, first = page.ledger()
    assert [first[5], second[5]] == ["0", "2"]
    assert first[6] == "1.0 h to 2.0 h"
    assert refused[3] == "0" and refused[7] == "400 Wrong pin format."
    Select(page.find("#kind")[0]).select_by_value("refused")
    page.until(lambda: page.ledger() == [refused])
    post(sandbox, batch)
    post(sandbox, batch, "w1")
    page.until(lambda: len(page.ledger()) == 2 and page.totals()["Requests"] == "5")


def test_older_requests_come_on_demand(page, sandbox):
    for number in range(60):
        post(sandbox, [[T + number, number]])
    page.driver.refresh()
    page.until(lambda: len(page.ledger()) == 50)
    page.click("#more")
    page.until(lambda: len(page.ledger()) == 60)
    assert not page.find("#more")[0].is_displayed()


def test_a_switch_turns_a_fault_on_and_off(page, sandbox):
    switch = "[data-fault=server_error]"
    page.click(switch)
    page.until(lambda: page.attribute(switch, "aria-checked") == "true")
    assert post(sandbox, wave(3)).status == 503
    page.until(lambda: page.ledger()[0][7] == "503 Server error. (server_error)")
    assert "server error" in page.text("#faults-banner")
    page.click(switch)
    page.until(lambda: page.attribute(switch, "aria-checked") == "false")
    assert post(sandbox, wave(3)).body == "OK"


COMMON = ["offline", "slow", "too_many_requests", "server_error", "portal", "wrong_region", "lose_reply", "drop_past"]


def test_the_common_faults_have_switches(page, sandbox):
    for number, name in enumerate(COMMON):
        page.click("[data-fault=%s]" % name)
        page.until(lambda: len(page.find("#switches [aria-checked=true]")) == number + 1)  # noqa: B023 - waits here
        assert page.attribute("[data-fault=%s]" % name, "aria-checked") == "true"
    assert [fault["name"] for fault in sandbox._call("GET", "/sandbox/faults")["active"]] == COMMON


def test_any_fault_can_be_set_up_in_the_form(page, sandbox):
    page.click("summary")
    Select(page.find("#fault-name")[0]).select_by_value("too_many_requests")
    for name, value in (("retry_after_s", "17"), ("count", "1"), ("pin", "V2")):
        field = page.driver.find_element(By.NAME, name)
        field.clear()
        field.send_keys(value)
    page.click("#fault-form [type=submit]")
    page.until(lambda: "retry after s 17, pin V2, 1 more" in page.text("#active-faults"))
    assert post(sandbox, wave(1)).status == 200
    reply = post(sandbox, wave(1), "v2")
    assert (reply.status, reply.headers["retry-after"]) == (429, "17")
    page.until(lambda: page.text("#active-faults") == "none")


def test_a_wrong_setting_is_named_and_switches_nothing_on(page, sandbox):
    page.click("summary")
    page.driver.find_element(By.NAME, "count").send_keys("many")
    page.click("#fault-form [type=submit]")
    page.until(lambda: "many" in page.text("#fault-error"))
    assert all("400" in complaint for complaint in page.errors())
    assert sandbox._call("GET", "/sandbox/faults")["active"] == []


def test_everything_is_reached_and_worked_by_keyboard(page, sandbox):
    page.draw(wave(50))
    wanted = page.driver.execute_script(
        """return [...document.querySelectorAll("a[href], button, select, summary, input")]
           .filter(e => e.checkVisibility() && !e.closest("details:not([open]) form")).length"""
    )
    reached = set()
    body = page.driver.find_element(By.TAG_NAME, "body")
    for _ in range(wanted + 20):
        body.send_keys(Keys.TAB) if not reached else page.driver.switch_to.active_element.send_keys(Keys.TAB)
        focused = page.driver.switch_to.active_element
        reached.add(focused.id)
        if focused.get_attribute("data-fault") == "portal":
            focused.send_keys(Keys.SPACE)
    assert len(reached) >= wanted
    page.until(lambda: page.attribute("[data-fault=portal]", "aria-checked") == "true")
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    page.driver.find_element(By.ID, "zoom-in").send_keys(Keys.TAB)
    assert page.driver.execute_script(outline) == "solid"


def test_zooming_shows_less_time_and_moving_another(page, sandbox):
    page.draw(wave(1200))
    page.click("#zoom-in")
    page.until(lambda: page.chart("V1")["drawn"] == 600)
    page.click("#later")
    page.click("#later")
    page.until(lambda: page.chart("V1")["drawn"] == 300)
    page.click("#earlier")
    page.click("#zoom-out")
    page.until(lambda: page.chart("V1")["drawn"] == 900)
    Select(page.find("#span")[0]).select_by_value("3600000")
    page.until(lambda: page.chart("V1")["drawn"] == 61)
    Select(page.find("#span")[0]).select_by_value("all")
    page.until(lambda: page.chart("V1")["drawn"] == 1200)


def test_dragging_over_a_chart_zooms_in(page, sandbox):
    post(sandbox, wave(1200))
    page.until(lambda: page.chart("V1").get("drawn") == 1200 and page.ink("V1", "--accent") > 100)
    plot = page.find(".chart .u-over")[0]
    quarter = plot.size["width"] // 4
    ActionChains(page.driver).move_to_element(plot).click_and_hold().move_by_offset(quarter, 0).release().perform()
    page.until(lambda: 280 <= page.chart("V1")["drawn"] <= 320)


def test_texts_are_shown_as_they_are(page, sandbox):
    post(sandbox, [[T, "<img src=x onerror=alert(1)>"]])
    page.until(lambda: page.find(".texts li"))
    assert "<img src=x onerror=alert(1)>" in page.text(".texts")
    assert page.find("main img") == []


def test_devices_can_be_looked_at_one_by_one(driver):
    with Sandbox(tokens=["first-device", "second-device"]) as sandbox:
        post(sandbox, wave(5), "v1", token="first-device")
        post(sandbox, wave(6), "v2", token="second-device")
        page = Page(driver, sandbox).open()
        page.until(lambda: len(page.find(".chart")) == 2)
        Select(page.find("#device")[0]).select_by_visible_text("seco…vice")
        page.until(lambda: len(page.find(".chart")) == 1 and page.chart("V2").get("points") == 6)
        assert page.attribute("#points-csv", "href") == "/sandbox/points.csv?device=2"
        rows = page.text("#devices tbody").splitlines()
        assert "first-device" in rows[0] and "second-device" in rows[1]


def test_the_page_comes_back_after_the_server_was_away(driver, sandbox):
    page = Page(driver, sandbox).open()
    sandbox.stop()
    page.until(lambda: "no connection" in page.text("#connection"))
    sandbox.start()
    post(sandbox, wave(10))
    page.until(lambda: page.text("#connection") == "live" and page.chart("V1").get("points") == 10)
    page.errors()


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_phone_needs_no_sideways_scrolling(page, sandbox, width):
    post(sandbox, wave(50))
    post(sandbox, '[[%d,"%s"]]' % (T, "x" * 500), "v2")
    post(sandbox, wave(5), "v" + "9" * 60)
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        page.driver.refresh()
        page.until(lambda: page.chart("V1").get("drawn") == 50 and len(page.ledger()) == 3)
        wide = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide == width
        size = "return parseFloat(getComputedStyle(document.querySelector('#ledger td')).fontSize)"
        assert page.driver.execute_script(size) >= 14
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_nothing_is_loaded_from_anywhere_else(page, sandbox):
    page.draw(wave(50))
    loaded = page.driver.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert any("uPlot" in name for name in loaded)
    assert [name for name in loaded if not name.startswith(sandbox.url + "/")] == []


def test_without_the_chart_library_the_page_says_so_and_the_rest_works(driver, sandbox):
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/charts/*"]})
    try:
        page = Page(driver, sandbox).open()
        post(sandbox, wave(50))
        page.until(lambda: page.chart("V1").get("points") == 50 and len(page.ledger()) == 1)
        assert "make setup" in page.text("#charts-notice")
        assert "50 points" in page.text(".chart .range")
        assert page.find("canvas") == []
    finally:
        driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
        page.errors()


def test_the_csv_links_download_what_arrived(page, sandbox):
    post(sandbox, wave(3))
    text = page.driver.execute_async_script(
        "fetch(document.querySelector('#points-csv').href).then(r => r.text()).then(arguments[0])"
    )
    assert len(text.splitlines()) == 4
    assert (ROOT / "tools" / "sandbox" / "page" / "index.html").read_text().count("download") == 2


def test_zooming_out_ends_where_timestamps_do(page, sandbox):
    page.draw(wave(100))
    for _ in range(30):  # 100 minutes, 24 times doubled, are all times that there are
        page.click("#zoom-out")
    for _ in range(4):
        page.click("#later")
    page.until(lambda: page.text(".chart .range").split(", ")[-1] == "nothing in this time")
    Select(page.find("#span")[0]).select_by_value("all")
    page.until(lambda: page.chart("V1")["drawn"] == 100)


def test_times_name_their_zone_and_what_is_ahead_of_the_clock(page, sandbox):
    zone = page.driver.execute_script("return Intl.DateTimeFormat().resolvedOptions().timeZone")
    page.until(lambda: zone in page.text("#zone"))
    now = int(time.time() * 1000)
    post(sandbox, [[now + 7_230_000, 1]])
    post(sandbox, [[now + 7_230_000, 1], [now - 7_200_000, 2]])
    page.until(lambda: len(page.ledger()) == 2)
    assert [row[6] for row in page.ledger()] == ["2.0 h early to 2.0 h", "2.0 h early"]
