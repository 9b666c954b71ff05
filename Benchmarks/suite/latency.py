"""Latencies of several runs put together."""

import math


class Latencies:
    """Milliseconds with how often each came; quantiles by nearest rank."""

    def __init__(self):
        self.counts: dict[float, int] = {}
        self.worst = 0.0

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    def add(self, row: dict) -> None:
        """A row of dubplate-load's report, with its buckets."""
        for bucket in row.get("buckets", []):
            self.counts[bucket["toMs"]] = self.counts.get(bucket["toMs"], 0) + bucket["count"]
        self.worst = max(self.worst, row.get("max") or 0.0)

    def add_all(self, milliseconds: list[float]) -> None:
        for value in milliseconds:
            self.counts[value] = self.counts.get(value, 0) + 1
            self.worst = max(self.worst, value)

    def quantile(self, share: float) -> float | None:
        rank = max(1, math.ceil(self.count * share))
        seen = 0
        for value in sorted(self.counts):
            seen += self.counts[value]
            if seen >= rank:
                return min(value, self.worst)
        return None

    def summary(self) -> dict:
        return {"count": self.count, "p50Ms": self.quantile(0.5), "p95Ms": self.quantile(0.95),
                "p99Ms": self.quantile(0.99), "maxMs": self.worst}
