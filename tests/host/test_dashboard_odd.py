"""The sandbox's page in a real browser, where data and servers are odd: pins that change their type, large numbers,
answers that overtake each other, a server that is away or comes back as another."""

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.host.browser import Page
from tests.host.wire import post

T = 1790000000000
MINUTE = 60_000
# Answers to this path are held back for so many milliseconds, the next ones for none.
HOLD_BACK = """
const [path, pause] = arguments;
const original = window.fetch;
let held = false;
window.fetch = async (address, options) => {
  const hold = !held && address.includes(path);
  if (hold) held = true;
  const reply = await original(address, options);
  if (hold) await new Promise((resolve) => setTimeout(resolve, pause)).then(() => (window.released = true));
  return reply;
};
"""


def rows(size):
    return [[T + i * MINUTE, i] for i in range(size)]


def test_a_pin_that_had_a_text_once_gets_its_chart_back(page, sandbox):
    post(sandbox, rows(50))
    page.until(lambda: page.ink("V1", "--accent") > 100)
    post(sandbox, [[T + 60 * MINUTE, "sensor failed"]])
    page.until(lambda: "sensor failed" in (page.text(".texts") or ""))
    assert page.find(".plot canvas") == [] and page.attribute(".plot", "role") is None
    post(sandbox, [[T + 61 * MINUTE, 61]])
    page.until(lambda: page.chart("V1").get("points") == 52 and page.find(".plot canvas"))
    page.until(lambda: page.ink("V1", "--accent") > 100)
    assert page.find(".texts") == []


@pytest.mark.parametrize("value", [7, 1013250, -9223372036854775808])
def test_the_axis_has_room_for_its_numbers(page, sandbox, value):
    post(sandbox, [[T, value], [T + MINUTE, value // 2]])
    page.until(lambda: page.chart("V1").get("drawn") == 2 and len(page.find(".u-axis")) == 2)
    room = page.find(".u-axis")[1].size["width"]
    text = "const c = document.createElement('canvas').getContext('2d'); c.font = '12px system-ui';"
    needed = page.driver.execute_script(text + "return c.measureText(arguments[0]).width", "{:,}".format(value))
    assert needed + 15 <= room <= max(60, 2 * needed)


def test_a_late_answer_does_not_draw_over_a_later_one(page, sandbox):
    page.draw(rows(400))
    page.driver.execute_script(HOLD_BACK, "/sandbox/series", 1500)
    page.click("#zoom-in")
    page.click("#zoom-in")
    page.until(lambda: page.chart("V1")["drawn"] == 100)
    page.until(lambda: page.driver.execute_async_script("setTimeout(() => arguments[0](window.released), 200)"))
    assert page.chart("V1")["drawn"] == 100


def test_a_request_that_arrives_while_the_ledger_is_read_stays_in_it(page, sandbox):
    post(sandbox, rows(1))
    page.until(lambda: len(page.ledger()) == 1)
    page.driver.execute_script(HOLD_BACK, "/sandbox/requests", 1500)
    Select(page.find("#kind")[0]).select_by_value("stored")
    post(sandbox, rows(2))
    page.until(lambda: len(page.ledger()) == 2)
    page.until(lambda: page.driver.execute_async_script("setTimeout(() => arguments[0](window.released), 200)"))
    assert [row[3] for row in page.ledger()] == ["2", "1"]


def test_a_long_text_is_read_without_scrolling_sideways(page, sandbox):
    post(sandbox, [[T, "x" * 1024]])
    page.until(lambda: page.find(".texts li"))
    widths = "const list = document.querySelector('.texts'); return [list.scrollWidth, list.clientWidth]"
    scrolled, seen = page.driver.execute_script(widths)
    assert scrolled == seen
    assert page.find(".chart .latest")[0].size["height"] < 100


def test_one_point_is_told_as_one(page, sandbox):
    post(sandbox, rows(1))
    page.until(lambda: "1 point," in (page.text(".chart .range") or ""))


def test_that_the_server_is_away_is_seen_wherever_one_looks(driver, sandbox):
    page = Page(driver, sandbox).open()
    page.driver.execute_script("document.querySelector('#devices-heading').scrollIntoView()")
    sandbox.stop()
    page.until(lambda: "no connection" in page.text("#connection"))
    place = """const box = document.getElementById('connection').getBoundingClientRect();
        return box.top >= 0 && box.bottom <= innerHeight && document.documentElement.scrollTop"""
    assert page.driver.execute_script(place) > 0
    page.errors()


def test_a_server_that_comes_back_with_another_token_is_shown_with_it(driver, sandbox):
    page = Page(driver, sandbox).open()
    sandbox.stop()
    page.until(lambda: "no connection" in page.text("#connection"))
    sandbox.tokens = ["another-token-of-32-characters-1"]
    sandbox.start()
    page.until(lambda: "token=another-token-of-32-characters-1&" in page.text("#curl"))
    page.errors()


FOCUSED = "const e = document.activeElement; return e.getAttribute('aria-label') ?? (e.id || e.className || e.tagName)"


def test_news_do_not_take_the_keyboard_from_the_faults(page, sandbox):
    sandbox.fault("server_error", count=2)
    sandbox.fault("portal")
    page.until(lambda: "2 more" in page.text("#active-faults"))
    page.driver.execute_script("document.querySelector('#active-faults button').focus()")
    assert page.driver.execute_script(FOCUSED) == "Clear server error"
    post(sandbox, rows(1))
    page.until(lambda: "1 more" in page.text("#active-faults"))
    assert page.driver.execute_script(FOCUSED) == "Clear server error"
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.until(lambda: "server error" not in page.text("#active-faults"))
    assert page.driver.execute_script(FOCUSED) == "clear-faults"


def test_news_do_not_take_the_keyboard_or_the_place_from_a_list_of_texts(page, sandbox):
    post(sandbox, [[T + i, "text %d" % i] for i in range(50)])
    page.until(lambda: len(page.find(".texts li")) == 50)
    page.driver.execute_script("const list = document.querySelector('.texts'); list.focus(); list.scrollTop = 200")
    post(sandbox, [[T + 100, "news"]])
    page.until(lambda: "news" in page.text(".texts"))
    assert page.driver.execute_script(FOCUSED) == "texts"
    assert page.driver.execute_script("return document.querySelector('.texts').scrollTop") > 100


def test_one_point_of_1970_does_not_squash_the_chart(page, sandbox):
    post(sandbox, rows(100))
    post(sandbox, [[0, 5]])
    page.until(lambda: page.text("#outside") == "1 point lies far away in time.")
    page.until(lambda: page.chart("V1").get("drawn") == 100)
    page.click("#show-outside")
    page.until(lambda: page.chart("V1").get("drawn") >= 101)
    assert page.find("#outside-note")[0].is_displayed() is False
    Select(page.find("#span")[0]).select_by_value("all")
    page.until(lambda: page.chart("V1").get("drawn") == 100)


def axis_labels(page):
    """What the axis of time says, caught while it is drawn anew."""
    return page.driver.execute_async_script(
        """const [done] = arguments, said = [], draw = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
          said.push(text); draw.call(this, text, ...rest); };
        matchMedia("(prefers-color-scheme: dark)"); document.getElementById("later").click();
        setTimeout(() => { CanvasRenderingContext2D.prototype.fillText = draw; done(said); }, 1500);"""
    )


def test_years_stand_at_the_axis_where_they_matter(page, sandbox):
    page.draw([[T + i * 30 * 24 * 60 * MINUTE, i] for i in range(100)])
    labels = axis_labels(page)
    assert {"2031", "2032"} <= set(labels), labels
    post(sandbox, [[T + i * 24 * 60 * MINUTE, i] for i in range(60)], "v2")
    Select(page.find("#span")[0]).select_by_value("2592000000")
    page.until(lambda: page.chart("V1")["drawn"] <= 3)
    assert "2034" in axis_labels(page)


def test_texts_follow_the_time_that_the_charts_show(page, sandbox):
    post(sandbox, [[T + i * 60 * MINUTE, "text %d" % i] for i in range(30)])
    post(sandbox, [[T + i * 60 * MINUTE, [i, i]] for i in range(30)], "v2")
    page.until(lambda: len(page.find(".texts li")) == 60)
    Select(page.find("#span")[0]).select_by_value("3600000")
    page.until(lambda: len(page.find(".texts li")) == 4)
    assert "text 28" in page.text(".chart[data-pin=V1] .texts") and "[28,28]" in page.text(".chart[data-pin=V2] .texts")
    for _ in range(8):
        page.click("#earlier")
    page.until(lambda: "text 24" in page.text(".texts"))


def test_a_day_that_is_picked_is_shown(page, sandbox):
    page.draw([[T + i * 60 * MINUTE, i] for i in range(24 * 9)])
    page.driver.execute_script(
        "const day = document.getElementById('day'); day.value = arguments[0]; day.dispatchEvent(new Event('change'))",
        "2026-09-25",
    )
    page.until(lambda: page.chart("V1")["drawn"] in (24, 25))


def test_the_ledger_goes_to_a_time_and_filters_by_words(page, sandbox):
    post(sandbox, rows(1))
    post(sandbox, rows(2), "v3")
    page.until(lambda: len(page.ledger()) == 2)
    page.find("#find")[0].send_keys("V3")
    page.until(lambda: [row[3] for row in page.ledger()] == ["2"])
    post(sandbox, rows(4))
    post(sandbox, rows(3), "v3")
    page.until(lambda: [row[3] for row in page.ledger()] == ["3", "2"])
    page.driver.execute_script(
        """const set = (id, value) => { const field = document.getElementById(id); field.value = value;
        field.dispatchEvent(new Event("input")); }; set("find", ""); set("until", "2020-01-01T00:00");"""
    )
    page.until(lambda: page.ledger() == [])


def test_a_setting_that_means_none_says_so(page, sandbox):
    assert "-1" not in page.text("#switches")
    sandbox.fault("server_error")
    page.until(lambda: page.text("#active-faults").startswith("server error: status 503, until cleared"))
    page.click("summary")
    Select(page.find("#fault-name")[0]).select_by_value("server_error")
    assert page.attribute("[name=retry_after_s]", "placeholder") == "none"
    assert page.attribute("[name=retry_after_s]", "value") is None
