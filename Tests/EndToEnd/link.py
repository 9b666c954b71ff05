"""A slow link in user space: relays TCP, and reads from the server no faster than the link carries.

It needs no rights and no kernel modules, and runs the same everywhere. The socket towards the server has a receive buffer
of some kilobytes, and segments as on Ethernet, so that what the link doesn't carry stays in the server's kernel, as it
would behind a modem.
"""

import os
import queue
import socket
import threading
import time
from contextlib import contextmanager

import pytest

# A quarter of an hour of real time, and judged by a clock: asked for by hand.
by_hand = pytest.mark.skipif("DUBPLATE_SLOW_LINK" not in os.environ, reason="DUBPLATE_SLOW_LINK isn't set")

RECEIVE_BYTES = 8_192  # the kernel doubles it: 16 kB, a home router's queue
LARGE_RECEIVE_BYTES = 131_072  # 256 kB: a proxy, or a modem that never drops
SEGMENT_BYTES = 1_400  # without it loopback's are 64 kB, and the server's kernel makes room for ten of them
PIECE_SECONDS = 0.02  # how finely the rate is kept
LEAST_PIECE, MOST_PIECE = 256, 65_536
PIECES_ON_THEIR_WAY = 4_096


class SlowLink:
    """Listens on `port`. `bandwidth` (bit/s, towards the client) may be changed while it runs; `latency` is seconds one
    way, in both directions."""

    def __init__(self, port, bandwidth, latency=0.0, memory=RECEIVE_BYTES):
        self.target, self.bandwidth, self.latency = ("127.0.0.1", port), bandwidth, latency
        self.memory = memory
        self.carried = 0  # bytes towards the client
        self._sockets, self._threads, self._is_open, self._lock = [], [], True, threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        with self._lock:
            self._is_open = False
            sockets = [self._listening, *self._sockets]
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already
            each.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _start(self, body, *arguments):
        thread = threading.Thread(target=body, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            upstream = socket.socket()
            # Before the connection is made, or they come too late for its window and its segments.
            upstream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.memory)
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
            try:
                upstream.connect(self.target)
            except OSError:
                client.close()
                continue
            for each in (client, upstream):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                if not self._is_open:
                    client.close()
                    upstream.close()
                    return
                self._sockets += [client, upstream]
            for source, sink, is_down in ((client, upstream, False), (upstream, client, True)):
                pieces = queue.Queue(PIECES_ON_THEIR_WAY)
                self._start(self._read, source, pieces, is_down)
                self._start(self._write, sink, pieces)

    def _read(self, source, pieces, is_down):
        """Takes what the link can carry; a piece is on the wire for as long as its bits take."""
        free = time.monotonic()
        while True:
            size = MOST_PIECE
            if is_down:
                size = int(min(max(self.bandwidth / 8 * PIECE_SECONDS, LEAST_PIECE), MOST_PIECE))
            try:
                piece = source.recv(size)
            except OSError:
                piece = b""
            if not piece:
                return pieces.put((0.0, b""))
            if is_down:
                free = max(free, time.monotonic()) + len(piece) * 8 / self.bandwidth
                time.sleep(max(0.0, free - time.monotonic()))
                self.carried += len(piece)
            pieces.put((time.monotonic() + self.latency, piece))

    @staticmethod
    def _write(sink, pieces):
        while True:
            due, piece = pieces.get()
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                if piece:
                    sink.sendall(piece)
                    continue
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # that side has gone; the reader notices by itself
            return


@contextmanager
def slow_link(port, bandwidth, latency=0.02, memory=RECEIVE_BYTES):
    """A link to the server on `port`, closed at the end; `memory` is what it takes before it has carried it."""
    link = SlowLink(port, bandwidth, latency, memory)
    try:
        yield link
    finally:
        link.close()
