"""The sandbox's page in a real headless Chromium, in the words of the tests."""

import os

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.host.wire import post
from tools import browser

WAIT_S = 60


def require_browser():
    """Without a browser the tests are skipped, but not in continuous integration."""
    if browser.find() is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(browser.MISSING)


class Page:
    """The sandbox's page in the browser, asked in terms of what a person sees."""

    def __init__(self, driver, sandbox):
        self.driver = driver
        self.sandbox = sandbox

    def open(self):
        self.driver.get("about:blank")
        self.errors()  # those of a page whose server has gone
        self.driver.get(self.sandbox.url + "/")
        self.until(lambda: self.text("#connection") == "live")
        self.until(lambda: self.find("[role=switch]") and self.find("#totals dd"))
        return self

    def until(self, condition):
        """Wait for it; the page may be making anew what it looks at."""
        passing = (IndexError, StaleElementReferenceException)
        return WebDriverWait(self.driver, WAIT_S, 0.05, passing).until(lambda _: condition())

    def draw(self, points):
        """Upload them to V1, and wait until all are drawn."""
        post(self.sandbox, points)
        self.until(lambda: self.chart("V1").get("drawn") == len(points))

    def find(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """The text of the first element found, as a person would see it."""
        return self.driver.execute_script(
            "return document.querySelector(arguments[0])?.innerText.trim() ?? null", selector
        )

    def attribute(self, selector, name):
        return self.driver.execute_script(
            "return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? null", selector, name
        )

    def click(self, selector):
        def clicked():
            element = self.driver.find_element(By.CSS_SELECTOR, selector)
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.until(clicked)

    def totals(self):
        """{name: text} of the tiles at the top."""
        pairs = "[...document.querySelectorAll('#totals div')].map(d => [...d.children].map(c => c.innerText))"
        return dict(self.driver.execute_script("return " + pairs))

    def ledger(self):
        """The ledger's rows, newest first, as lists of texts."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll('#ledger tbody tr')].map(r => [...r.cells].map(c => c.innerText))"
        )

    def chart(self, pin):
        """{points, drawn, gaps} of a pin's chart, as numbers; {} while there is none."""
        data = self.driver.execute_script(
            "return {...(document.querySelector(`.chart[data-pin=${arguments[0]}]`)?.dataset ?? {})}", pin
        )
        return {name: int(value) for name, value in data.items() if name != "pin"}

    def ink(self, pin, colour):
        """How many pixels of the pin's chart have this colour, such as --accent or --gap."""
        return self.driver.execute_script(_COUNT_PIXELS, pin, colour)

    def errors(self):
        """What the browser's console complained about."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


# The colour is drawn on the card's own background first, so that half-transparent ones compare too.
_COUNT_PIXELS = """
const [pin, name] = arguments;
const canvas = document.querySelector(`.chart[data-pin=${pin}] canvas`);
if (!canvas) return 0;
const probe = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
probe.fillRect(0, 0, 1, 1);
const wanted = probe.getImageData(0, 0, 1, 1).data;
const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
let count = 0;
for (let i = 0; i < pixels.length; i += 4) {
  count += [0, 1, 2, 3].every((k) => Math.abs(pixels[i + k] - wanted[k]) <= 2);
}
return count;
"""
