"""`make flash`: puts a MicroPython image that you have downloaded onto a Pico W or an ESP32, after asking."""
