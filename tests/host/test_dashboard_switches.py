"""The page's fault switches where they cannot be seen, or do not reach the sandbox; its datastreams."""

from selenium.webdriver.support.ui import Select

from tests.host.browser import Page
from tests.host.wire import error, post

T = 1790000000000


def test_a_switch_says_when_the_sandbox_cannot_be_reached(driver, sandbox):
    page = Page(driver, sandbox).open()
    sandbox.stop()
    page.until(lambda: "no connection" in page.text("#connection"))
    page.click("[data-fault=portal]")
    page.until(lambda: page.text("#switch-error") == "No connection to the sandbox.")
    assert page.attribute("[data-fault=portal]", "aria-checked") == "false"
    sandbox.start()
    page.until(lambda: page.text("#connection") == "live")
    page.click("[data-fault=portal]")
    page.until(lambda: page.attribute("[data-fault=portal]", "aria-checked") == "true")
    page.until(lambda: page.text("#switch-error") == "")
    assert post(sandbox, [[T, 1]]).body != "OK"
    page.errors()


def test_faults_that_are_switched_on_are_announced(page, sandbox):
    sandbox.fault("portal")
    page.until(lambda: page.text("#faults-banner") == "Faults switched on: portal")
    assert page.attribute("#faults-banner", "role") == "status"


def test_a_datastream_is_made_mended_and_removed_in_the_page(page, sandbox):
    def fill(form, **fields):
        for name, value in fields.items():
            field = page.find("#%s [name='%s']" % (form, name.replace("_how", "-how").replace("_words", "-words")))[0]
            if field.tag_name == "select":
                Select(field).select_by_value(value)
            else:
                field.clear()
                field.send_keys(value)
        page.click("#%s [type=submit]" % form)

    fill("rules-form", others="none", too_old_how="drop", wrong_type_words="No integer.", max_age_days="900")
    page.until(lambda: sandbox.rules()["others"] == "none")
    assert sandbox.rules()["drop"] == ["too_old"] and sandbox.rules()["max_age_days"] == 900
    assert post(sandbox, [[T, 1]]).body == error("No datastream setup for that pin.")
    fill("stream-form", pin="1", kind="integer", low="0", high="5")
    page.until(lambda: "0 to 5" in page.text("#datastreams"))
    assert post(sandbox, [[T, 2.5]]).body == error("No integer.")
    fill("stream-form", pin="V1", kind="double")
    page.until(lambda: sandbox.rules()["datastreams"] == {"V1": "double:0:5"})
    assert post(sandbox, [[T, 2.5]]).body == "OK" and sandbox.points() == [(1, T, 2.5)]
    page.click("#datastreams button")
    page.until(lambda: sandbox.rules()["datastreams"] == {})
    fill("stream-form", pin="2", kind="integer", low="9", high="5")
    page.until(lambda: "9 is more than 5" in page.text("#rules-error"))
    assert all("400" in complaint for complaint in page.errors())


def test_the_page_shows_the_rules_that_others_change(page, sandbox):
    sandbox.change_rules(datastreams={"V9": "string"}, others="none")
    others = page.find("#rules-form [name=others]")[0]
    page.until(lambda: "V9" in page.text("#datastreams") and others.get_attribute("value") == "none")
