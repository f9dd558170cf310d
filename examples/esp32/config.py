"""Everything that differs from station to station."""

TOKEN = "your device's auth token"
SERVER = "https://blynk.cloud"
SSID, PASSWORD = "your Wi-Fi", "its password"
TEMPERATURE, HUMIDITY = "V1", "V2"  # Double datastreams
SENSOR_GPIO = 4
MEASURE_EVERY_S = 60
UPLOAD_EVERY_S = 900
