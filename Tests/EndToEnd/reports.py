"""Reports on the network as the protocol asks for them, from a Python listener on the server's own machine."""

import math
import threading
import time

LEAST_BYTES, LEAST_BUSY, MOST = 16_384, 0.5, 20_000_000
INTERVAL, NEWS_INTERVAL, NEWS_SHARE = 5.0, 0.3, 0.6


class Reports:
    """Measures what arrives at a listener, and tells the server: every five seconds, and soon when it has become slow.

    Sound begins with the first chunk, and is heard at the pace of time. The clock is the server's: it is the same machine.
    """

    def __init__(self, listener, latency):
        self.listener, self.latency = listener, latency
        self.bandwidth = self.said = None
        self._last = -math.inf
        self._bytes = self._busy = 0
        self._offset = time.time() - time.monotonic()
        self._stream, self._start, self._end, self._held_at, self._held = {}, None, 0.0, 0.0, 0.0
        self._is_open, self._seen = threading.Event(), 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._is_open.set()
        self._thread.join(timeout=5)

    def _run(self):
        due = time.monotonic() + INTERVAL
        while not self._is_open.wait(NEWS_INTERVAL):
            self._read()
            is_news = self.bandwidth and (self.said is None or self.bandwidth < self.said * NEWS_SHARE)
            if self._stream and (is_news or time.monotonic() >= due):
                due = time.monotonic() + INTERVAL
                self.said = self.bandwidth or self.said
                # Nobody waits for the answer: on a slow link it comes behind all that is on its way.
                self.listener.client.emit("network_stats", self._report())

    def _read(self):
        events, times = self.listener.events, self.listener.times
        for self._seen in range(self._seen, min(len(events), len(times))):
            (name, payload), at = events[self._seen], times[self._seen]
            if name == "stream_started":
                self._stream, self._held, self._start = payload, 0.0, None
                self._rate = payload["sampleRate"]
            elif name == "quality_change":
                self._rate = payload["sampleRate"]
            elif name == "audio_chunk" and payload["streamId"] == self._stream.get("streamId"):
                self._arrived(payload, at)
        self._seen = min(len(events), len(times))

    def _arrived(self, chunk, at):
        sent = (self._stream["startedAt"] + chunk["timestamp"]) / 1000 - self._offset
        self._busy += min(at - self._last, max(at - sent - self.latency, 0))
        self._bytes += len(chunk["data"])
        self._last = at
        if self._bytes >= LEAST_BYTES or self._busy >= LEAST_BUSY:
            rate = min(self._bytes * 8 / max(self._busy, 1e-4), MOST)
            share = max(0.5, self._busy / (self._busy + 1))
            self.bandwidth = self.bandwidth * (rate / self.bandwidth) ** share if self.bandwidth else rate
            self._bytes = self._busy = 0
        if self._start is None:
            self._start = at
            self._held_at = at
            self._position = chunk["position"]
        self._play(at)
        self._held += chunk["samples"] / self._rate

    def _play(self, now):
        played = min(self._held, now - self._held_at)
        self._held, self._position, self._held_at = self._held - played, self._position + played, now

    def _report(self):
        report = {"bandwidth": self.bandwidth} if self.bandwidth else {}
        if self._start is None:
            return report
        now = time.monotonic()
        self._play(now)
        at = (now + self._offset) * 1000
        return report | {
            "bufferMs": self._held * 1000, "streamId": self._stream["streamId"], "position": self._position, "at": at
        }
