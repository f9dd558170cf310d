"""Everything that differs from station to station."""

import sys

TOKEN = "your device's auth token"
SERVER = "https://blynk.cloud"
RING = "/readings"
SSID, PASSWORD = "your Wi-Fi", "its password"
PIN = "V1"  # a Double datastream
SENSOR_GPIO = 34 if sys.platform == "esp32" else 26  # an analogue input: 32 to 39 on an ESP32, 26 to 28 on a Pico W
WAKE_EVERY_S = 60
UPLOAD_EVERY_S = 3600
CONNECT_S = 15
WAKE_AT_MOST_S = 120
