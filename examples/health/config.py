"""Everything that differs from station to station."""

TOKEN = "your device's auth token"
SERVER = "https://blynk.cloud"
SSID, PASSWORD = "your Wi-Fi", "its password"
TEMPERATURE = "V1"  # a Double datastream
PENDING, DROPPED, CORRUPT = "V10", "V11", "V12"  # Integer datastreams
BATTERY = "V13"  # Double, volts
SIGNAL = "V14"  # Integer, dBm
HEAP_FREE = "V15"  # Integer, bytes
LAST_ERROR = "V16"  # a String datastream
BATTERY_GPIO, BATTERY_DIVIDER = 26, 2  # two equal resistors: half of the battery's voltage
MEASURE_EVERY_S = 300
UPLOAD_EVERY_S = 900
