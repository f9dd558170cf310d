"""Everything that differs from station to station."""

TOKEN = "your device's auth token"
SERVER = "https://blynk.cloud"
SSID, PASSWORD = "your Wi-Fi", "its password"
PIN = "V1"  # a Double datastream
MEASURE_EVERY_S = 60
UPLOAD_EVERY_S = 900
