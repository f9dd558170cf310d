"""Everything that differs from station to station."""

import sys

TOKEN = "your device's auth token"
SERVER = "https://blynk.cloud"
SSID, PASSWORD = "your Wi-Fi", "its password"
LEVEL = "V1"  # a Double datastream
DOOR = "V2"  # a String datastream
LEVEL_GPIO = 34 if sys.platform == "esp32" else 26  # an analogue input: 32 to 39 on an ESP32, 26 to 28 on a Pico W
DOOR_GPIO = 15
MEASURE_EVERY_S = 60
LOOK_EVERY_S = 0.05
UPLOAD_EVERY_S = 900
