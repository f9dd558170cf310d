"""Chromium without a window, for the page's tests, measurements and pictures. Knows nothing of the page."""

import shutil

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MISSING = "needs Chromium and its chromedriver on PATH"


def find():
    """(browser, driver) on PATH, or None."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


def start(width=1280, height=1000):
    """A WebDriver; the caller ends it with quit()."""
    browser, driver = find()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument("--" + argument)
    options.add_argument("--window-size=%d,%d" % (width, height))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))
