"""A Raspberry Pi Pico without one: a firmware from micropython.org on an emulated RP2040."""
