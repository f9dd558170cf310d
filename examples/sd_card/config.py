"""Everything that differs from station to station."""

TOKEN = "your device's auth token"
SERVER = "https://blynk.cloud"
SSID, PASSWORD = "your Wi-Fi", "its password"
PIN = "V1"  # a Double datastream
SLOT = 2  # SPI: SCK 18, MISO 19, MOSI 23, CS 5
RING_BLOCKS = 131072  # of 512 bytes: 64 MiB of the card
ERASE_CARD = False  # True once: a new card holds a FAT filesystem, which the ring writes over
MEASURE_EVERY_S = 10
UPLOAD_EVERY_S = 900
