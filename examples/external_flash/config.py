"""Everything that differs from station to station."""

TOKEN = "your device's auth token"
SERVER = "https://blynk.cloud"
SSID, PASSWORD = "your Wi-Fi", "its password"
PIN = "V1"  # a Double datastream
SPI, SCK, MOSI, MISO, CS = 0, 18, 19, 16, 17
ERASE_CHIP = False  # True once, for a chip that holds something else
MEASURE_EVERY_S = 10
UPLOAD_EVERY_S = 900
