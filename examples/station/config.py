"""Everything that differs from station to station."""

TOKEN = "your device's auth token"
SERVER = "https://blynk.cloud"
PINS = ("V1", "V2", "V3", "V4")  # temperature, humidity, light, CO2
RING = "/readings"
CAPACITY_BYTES = 256 * 1024
MEASURE_EVERY_S = 60
UPLOAD_EVERY_S = 900
SSID, PASSWORD = "your Wi-Fi", "its password"
