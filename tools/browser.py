"""Chromium without a window, for the page's tests, measurements and pictures. Of the page it knows its charts."""

import shutil
import time
from contextlib import contextmanager

import click
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MISSING = "needs Chromium and its chromedriver on PATH"
_DRAWN = "return document.querySelectorAll('.chart[data-drawn] canvas').length"
_PATIENCE_S = 120


def find():
    """(browser, driver) on PATH, or None."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


def show_charts(driver, url, charts):
    """Opens the sandbox's page and waits until so many charts are drawn."""
    driver.get(url)
    end = time.monotonic() + _PATIENCE_S
    while driver.execute_script(_DRAWN) < charts:
        if time.monotonic() > end:
            raise click.ClickException("the page drew no %d charts in %d s" % (charts, _PATIENCE_S))
        time.sleep(0.01)


@contextmanager
def running(width=1280, height=1000):
    """A WebDriver; ClickException where there is no browser."""
    if find() is None:
        raise click.ClickException(MISSING)
    browser, driver = find()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument("--" + argument)
    options.add_argument("--window-size=%d,%d" % (width, height))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield started
    finally:
        started.quit()
