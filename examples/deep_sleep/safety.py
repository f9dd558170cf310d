"""What a board that sleeps nearly always needs: a way to stop it, an end to a wake that hangs, the next wake's time."""

import sys
import time

import config
import machine


def listen():
    """After power-on, and after no planned sleep, wait for Ctrl-C: unplug the board, or press its reset button."""
    if machine.reset_cause() == machine.PWRON_RESET:
        print("Ctrl-C within 3 seconds stops the program")
        time.sleep(3)


def watchdog():
    """A function that must be called within WAKE_AT_MOST_S seconds again and again, or the board is reset."""
    if sys.platform == "esp32":
        return machine.WDT(timeout=config.WAKE_AT_MOST_S * 1000).feed
    # A Pico W's hardware watchdog would run on while it sleeps, so a timer resets a wake that takes too long.
    global _timer
    _timer = machine.Timer(-1)
    _timer.init(period=config.WAKE_AT_MOST_S * 1000, mode=machine.Timer.ONE_SHOT, callback=lambda _: machine.reset())
    return lambda: None


def until_next_wake():
    """Milliseconds of sleep, so that the wakes begin WAKE_EVERY_S apart."""
    return max(1000, config.WAKE_EVERY_S * 1000 - time.ticks_diff(time.ticks_ms(), 0))
