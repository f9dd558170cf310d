"""Everything that differs from station to station."""

TOKEN = "your device's auth token"
SERVER = "https://blynk.cloud"
RING = "/readings"
SSID, PASSWORD = "your Wi-Fi", "its password"
PIN = "V1"  # a Double datastream
SENSOR_GPIO = 34  # an analogue input; 26 to 28 on a Pico W
WAKE_EVERY_S = 60
UPLOAD_EVERY_S = 3600
CONNECT_S = 15
