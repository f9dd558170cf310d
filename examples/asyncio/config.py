"""Everything that differs from station to station."""

TOKEN = "your device's auth token"
SERVER = "https://blynk.cloud"
SSID, PASSWORD = "your Wi-Fi", "its password"
LEVEL = "V1"  # a Double datastream
DOOR = "V2"  # a String datastream
LEVEL_GPIO, DOOR_GPIO = 26, 15
MEASURE_EVERY_S = 60
LOOK_EVERY_S = 0.05
UPLOAD_EVERY_S = 900
