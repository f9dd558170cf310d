"""Works out a station before it is built: ring, outage, life of the flash, requests; and what to change."""
