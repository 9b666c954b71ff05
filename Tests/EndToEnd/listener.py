"""A Socket.IO listener on the python-socketio client: everything that it hears is kept, and waited for by condition."""

import base64
import struct
import threading
import time
from contextlib import contextmanager

import engineio
import socketio

SERVER_EVENTS = (
    "stream_started",
    "audio_chunk",
    "stream_ended",
    "stream_error",
    "quality_change",
    "sync_state",
    "seek_update",
    "server_draining",
    "queue_update",
    "device_update",
    "preload_track",
    "group_sync",
)
PATIENCE = 60  # seconds: far above what anything here takes, far below what a hanging suite costs


def protobuf_chunk(message):
    """Reads a message `AudioChunk` of Protos/dubplate.proto into the shape of the binary encoding."""
    names = {1: "streamId", 2: "epoch", 3: "seq", 4: "timestamp", 5: "position", 6: "samples", 7: "skip", 15: "data"}
    chunk, at = {"epoch": 0, "seq": 0, "timestamp": 0, "position": 0.0}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        number, kind = key >> 3, key & 7
        if kind == 0:
            value = varint()
        elif kind == 1:
            value = struct.unpack_from("<d", message, at)[0]
            at += 8
        else:
            assert kind == 2, f"wire type {kind} in an AudioChunk"
            length = varint()
            value = bytes(message[at : at + length])
            assert len(value) == length, "the message is cut off"
            at += length
        chunk[names[number]] = value.decode() if number == 1 else value
    return chunk


def plain_chunk(argument):
    """An `audio_chunk` argument of any of the three encodings, as the binary one."""
    if isinstance(argument, (bytes, bytearray)):
        return protobuf_chunk(argument)
    if isinstance(argument["data"], str):
        return argument | {"data": base64.b64decode(argument["data"], validate=True)}
    return argument


class Refused(Exception):
    """CONNECT_ERROR: `code` and `message` as the protocol has them."""

    def __init__(self, payload):
        super().__init__(payload)
        self.message, self.code = payload["message"], payload["data"]["code"]


class OrderedTransport(engineio.Client):
    """Handles messages in the order they arrive: the stock client gives each a thread, and attachments overtake their packets."""

    def _trigger_event(self, event, *args, **kwargs):
        return super()._trigger_event(event, *args, **(kwargs | {"run_async": False}))


class OrderedClient(socketio.Client):
    """The official Python client over an ``OrderedTransport``."""

    def _engineio_client_class(self):
        return OrderedTransport


class Listener:
    """A device. `events` is everything heard, as pairs of a name and a payload, in order; `times` is when (monotonic)."""

    def __init__(self, url, token=None, transports=None, headers=None, **auth):
        self.events, self.times, self.raw_chunks, self._changed = [], [], [], threading.Condition()
        while not self._connects(url, token, transports, headers, auth):
            time.sleep(self.connect_error["data"]["retryAfterMs"] / 1000)

    def _connects(self, url, token, transports, headers, auth):
        """False where the user has done too much just now, and is to come again."""
        self.connect_error = None
        self.client = OrderedClient(reconnection=False, handle_sigint=False, request_timeout=PATIENCE)
        for name in SERVER_EVENTS:
            self.client.on(name, self._keeper(name))
        self.client.on("connect_error", self._refused)
        self.client.on("disconnect", lambda *reason: self._keep("disconnect", reason))
        credentials = auth | ({"token": token} if token is not None else {})
        try:
            self.client.connect(
                url, headers=headers or {}, auth=credentials, transports=transports, wait_timeout=PATIENCE
            )
        except socketio.exceptions.ConnectionError:
            self.client.shutdown()
            if isinstance(self.connect_error, dict) and "data" in self.connect_error:
                if self.connect_error["data"].get("retryAfterMs"):
                    return False
                raise Refused(self.connect_error) from None
            raise
        return True

    def _keeper(self, name):
        return lambda payload=None, *_: self._keep(name, payload)

    def _keep(self, name, payload):
        with self._changed:
            if name == "audio_chunk":
                self.raw_chunks.append(payload)
                payload = plain_chunk(payload)
            self.events.append((name, payload))
            self.times.append(time.monotonic())
            self._changed.notify_all()

    def _refused(self, payload):
        self.connect_error = payload

    def call(self, event, payload=None, timeout=PATIENCE):
        """Sends an event and returns its acknowledgement; where the user has sent too many, as often as it takes."""
        payload = {} if payload is None else payload
        deadline = time.monotonic() + timeout
        while True:
            answer = self.client.call(event, payload, timeout=timeout)
            error = (answer.get("error") if isinstance(answer, dict) else None) or {}
            if error.get("code") != "rate_limited" or time.monotonic() > deadline:
                return answer
            time.sleep(error["retryAfterMs"] / 1000)

    def ok(self, event, payload=None):
        answer = self.call(event, payload)
        assert answer.get("ok") is True, f"{event} {payload}: {answer}"
        return answer

    def refused(self, event, payload, code):
        answer = self.call(event, payload)
        assert answer.get("ok") is False and answer["error"]["code"] == code, f"{event} {payload}: {answer}, not {code}"
        assert answer["error"]["message"], "an error says what is wrong"
        return answer["error"]

    def of(self, name, since=0):
        with self._changed:
            return [payload for event, payload in self.events[since:] if event == name]

    @property
    def chunks(self):
        return self.of("audio_chunk")

    def mark(self):
        with self._changed:
            return len(self.events)

    def wait(self, predicate, what, timeout=PATIENCE):
        """Returns the first true value of `predicate(self)`, asked whenever something has been heard."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = predicate(self)
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    names = {}
                    for name, _ in self.events:
                        names[name] = names.get(name, 0) + 1
                    raise AssertionError(f"no {what} within {timeout} s; heard {names}")
                self._changed.wait(left)

    def wait_for(self, name, since=0, where=lambda payload: True, timeout=PATIENCE):
        def found(listener):
            return next((payload or True for payload in listener.of(name, since) if where(payload)), None)

        return self.wait(found, name, timeout)

    def wait_ended(self, stream, reason="finished", timeout=PATIENCE):
        """Waits for the end of a stream; returns its chunks."""

        def end(listener):
            for error in listener.of("stream_error"):
                raise AssertionError(f"stream_error {error}")
            return next((e for e in listener.of("stream_ended") if e["streamId"] == stream), None)

        ended = self.wait(end, "stream_ended", timeout)
        assert ended["reason"] == reason, ended
        return [chunk for chunk in self.chunks if chunk["streamId"] == stream]

    def close(self):
        self.client.disconnect()
        self.client.shutdown()


@contextmanager
def listening(server, user=None, **options):
    """A connected listener of `user` (default: the premium one), closed at the end."""
    token = options.pop("token", None) or server.token(user)
    listener = Listener(server.url, token, **options)
    try:
        yield listener
    finally:
        listener.close()


def sweep(listener):
    """An empty queue, no modes, nobody in a group: as if no test had used this user's session."""
    listener.ok("queue_clear", {"all": True})
    listener.ok("stop_track")
    for command, payload in (
        ("repeat_change", {"repeat": "off"}),
        ("shuffle_change", {"shuffle": False}),
        ("crossfade_change", {"seconds": 0}),
    ):
        listener.ok(command, payload)
    for device in listener.ok("device_list")["devices"]:
        if device["inGroup"]:
            listener.ok("group_leave", {"deviceId": device["deviceId"]})
