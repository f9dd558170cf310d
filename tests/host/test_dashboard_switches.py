"""The page's fault switches where they cannot be seen, or do not reach the sandbox."""

from tests.host.browser import Page
from tests.host.wire import post

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
