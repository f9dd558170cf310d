"""What is to be reached, and what others publish, by what is measured and on what. Knows no measurement.

The peers' figures, and where they are from:
    sequential-storage  github.com/tweedegolf/sequential-storage: an item of 24 bytes, 8 of them its header with a CRC
    FlashDB             github.com/armink/FlashDB, TSDB: 18.2 bytes and 1/168 of a sector a reading, without a CRC
    littlefs            github.com/littlefs-project/littlefs: what its own runner cuts, between whole operations
"""

LEAST, MOST = "at least", "at most"

# (what, on): (LEAST or MOST, limit)
_TARGETS = [
    ("readings per 4 KiB sector", "esp32,rp2,nor", LEAST, 470),
    ("erases per durable reading", "esp32", MOST, 0.055),
    ("erases per durable reading", "rp2", MOST, 0.092),
    ("bytes read per durable reading", "esp32", MOST, 7500),
    ("bytes read per durable reading", "rp2", MOST, 9700),
    ("bytes read per wake, all", "esp32", MOST, 66000),
    ("bytes read per wake, all", "rp2", MOST, 62000),
    ("erases per durable reading", "nor", MOST, 0.0026),
    ("bytes programmed per durable reading", "nor", MOST, 10.5),
    ("log(): flash time, mean, ms", "esp32", MOST, 3.3),
    ("log(): flash time, mean, ms", "rp2", MOST, 5.5),
    ("readings per 4 KiB sector", "fat,sd", LEAST, 455),
    ("erases per reading, one a boot", "esp32", MOST, 0.07),
    ("erases per reading, one a boot", "rp2", MOST, 0.12),
    ("open a full ring of 64 KiB: bytes read, mean", "nor,pages", MOST, 2560),
    ("open a full ring of 256 KiB: bytes read, mean", "nor,pages", MOST, 2560),
    ("open a full ring of 1 MiB: bytes read, mean", "nor,pages", MOST, 2560),
    ("open a full ring of 16 MiB: bytes read, mean", "nor,pages", MOST, 2560),
    ("open a full ring of 64 KiB: bytes read, worst", "nor,pages", MOST, 4608),
    ("open a full ring of 256 KiB: bytes read, worst", "nor,pages", MOST, 4608),
    ("open a full ring of 1 MiB: bytes read, worst", "nor,pages", MOST, 4608),
    ("open a full ring of 16 MiB: bytes read, worst", "nor,pages", MOST, 4608),
    ("least heap with a drain of 10000 points, KiB", ".mpy", MOST, 126),
    ("least heap with a drain of 10000 points, KiB", ".py", MOST, 160),
    ("the same, most less least, bytes", ".mpy,.py", MOST, 2048),
    ("requests for 10000 points", "1 pin", MOST, 1),
    ("requests, first drain", "all 800,35 days of which 30 are taken", MOST, 45),
    ("requests, a later day", "all 800,20 pins without datastream", MOST, 20),
    ("good points that wait then", "six strewn in 800,35 days of which 30 are taken", MOST, 0),
    ("power cuts with a reading lost or invented", "raw,littlefs", MOST, 0),
    ("drain, times as fast as from CSV", "1 pin", LEAST, 1.2),
    ("drain, times as fast as from CSV", "4 pins", LEAST, 1.0),
]
_PEERS = {
    ("readings per 4 KiB sector", "nor"): "170 sequential-storage, 168 FlashDB",
    ("bytes programmed per durable reading", "nor"): "18.2 FlashDB",
    ("erases per durable reading", "nor"): "0.0059 FlashDB and sequential-storage",
    ("open a full ring of 256 KiB: bytes read, mean", "nor"): "6,300 FlashDB",
    ("power cuts survived, of a sample", "littlefs"): "28,741 littlefs, between operations",
}


def target(what, on):
    """(LEAST or MOST, limit), or None."""
    for name, media, kind, limit in _TARGETS:
        if name == what and on in media.split(","):
            return kind, limit
    return None


def met(found, value):
    kind, limit = found
    return value >= limit if kind is LEAST else value <= limit


def peer(what, on):
    return _PEERS.get((what, on), "")
