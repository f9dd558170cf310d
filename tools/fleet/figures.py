"""What the requests of a fleet come to: peaks against the mean, and what they cost in a month. Pure arithmetic."""

from dataclasses import dataclass

BIN_S = 10
MONTH_S = 30 * 86400


@dataclass
class Figures:
    """`requests`: how many there were in each 10 s."""

    stations: int
    interval_s: int
    requests: list
    shortest_s: int
    longest_s: int

    @property
    def mean(self):
        """Requests in 10 s if they were spread evenly."""
        return self.stations * BIN_S / self.interval_s

    def peaks(self):
        """The most requests in 10 s, for each interval."""
        bins = self.interval_s // BIN_S
        return [max(self.requests[at : at + bins]) for at in range(0, len(self.requests), bins)]

    def worst_after_the_first(self):
        """The highest peak from the second interval on, in times of the mean."""
        return max(self.peaks()[1:]) / self.mean


def monthly_requests(stations, interval_s, pins):
    return stations * pins * MONTH_S // interval_s
