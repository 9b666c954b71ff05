"""What the python-socketio clients must be able to do with the server: the list of scenarios.js.

The scenarios are written once, for the asynchronous client. `Blocking` gives the synchronous one the same face, a thread
for each call that waits.
"""

import asyncio
import contextlib

import requests
import socketio

PATIENCE = 20
TOKEN = {"token": "open sesame"}
SCENARIOS, RECOVERY = {}, {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


def recovery(function):
    RECOVERY[function.__name__] = function
    return function


class Refused(Exception):
    pass


class RememberingMixin:
    """Keeps what CONNECT answered: the client itself forgets the private id that recovery asks for."""

    private_ids = None

    def _remember(self, namespace, data):
        self.private_ids = (self.private_ids or {}) | {namespace or "/": (data or {}).get("pid")}


class AsyncClient(RememberingMixin, socketio.AsyncClient):
    async def _handle_connect(self, namespace, data):
        self._remember(namespace, data)
        await super()._handle_connect(namespace, data)


class SyncClient(RememberingMixin, socketio.Client):
    def _handle_connect(self, namespace, data):
        self._remember(namespace, data)
        super()._handle_connect(namespace, data)


class Connection:
    """One connection with its namespaces. Every event that comes is kept in the order of coming."""

    def __init__(self, kind, url, transports, **options):
        self.url, self.transports = url, transports
        self.loop, self.events = asyncio.get_running_loop(), {}
        options = {"reconnection_delay": 0.2, "reconnection_delay_max": 0.5} | options
        # "async", "sync", or either with a serializer behind it.
        way, _, serializer = kind.partition(" ")
        options |= {"serializer": serializer} if serializer else {}
        self.client = AsyncClient(**options) if way == "async" else SyncClient(**options)
        self.is_async = way == "async"
        self.answers = {}

    async def call(self, function, *arguments, **options):
        if self.is_async:
            return await function(*arguments, **options)
        return await asyncio.to_thread(function, *arguments, **options)

    def queue(self, event, namespace="/"):
        return self.events.setdefault((namespace, event), asyncio.Queue())

    def listen(self, *names, namespace="/"):
        for name in names:
            self.queue(name, namespace)

            def heard(*values, name=name):
                self.loop.call_soon_threadsafe(self.queue(name, namespace).put_nowait, values)

            async def heard_async(*values, heard=heard):
                heard(*values)

            self.client.on(name, heard_async if self.is_async else heard, namespace=namespace)

    def answer(self, event, function):
        async def answered(*values):
            return function(*values)

        self.client.on(event, answered if self.is_async else function)

    async def connect(self, namespaces=("/",), auth=None):
        for namespace in namespaces:
            self.listen(
                "connect", "disconnect", "connect_error", "welcome", "told", "number", "repeated", namespace=namespace
            )
        try:
            await self.call(
                self.client.connect,
                self.url,
                auth=auth,
                namespaces=list(namespaces),
                transports=self.transports,
                wait_timeout=PATIENCE,
            )
        except socketio.exceptions.ConnectionError as error:
            raise Refused(str(error)) from None
        return self

    async def next(self, event, namespace="/"):
        async with asyncio.timeout(PATIENCE):
            return await self.queue(event, namespace).get()

    async def emit(self, event, *values, namespace="/"):
        await self.call(self.client.emit, event, values, namespace=namespace)

    async def ask(self, event, *values, namespace="/"):
        return await self.call(self.client.call, event, values, namespace=namespace, timeout=PATIENCE)

    async def lose(self):
        """The connection ends, though nobody wanted it to."""
        engine = self.client.eio
        if engine.current_transport == "polling":
            query = {"EIO": 4, "transport": "polling", "sid": engine.sid}
            await asyncio.to_thread(requests.post, f"{self.url}/socket.io/", params=query, data="1", timeout=PATIENCE)
        else:
            await self.call(engine.disconnect, abort=True)

    async def close(self):
        await self.call(self.client.shutdown)


class Clients:
    """Opens connections for one run and closes them all."""

    def __init__(self, kind, url, transports):
        self.kind, self.url, self.transports, self.opened = kind, url, transports, []

    def make(self, **options):
        self.opened.append(Connection(self.kind, self.url, self.transports, **options))
        return self.opened[-1]

    async def open(self, **options):
        return await self.make(**options).connect(auth=TOKEN)

    async def close(self):
        for connection in self.opened:
            await connection.close()


async def run(kind, url, transports, name):
    clients = Clients(kind, url, transports)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(clients.close)
        await (SCENARIOS | RECOVERY)[name](clients)


def pattern(count):
    return bytes((place * 31 + (place >> 8)) & 255 for place in range(count))


@scenario
async def authAccepted(clients):
    connection = await clients.open()
    sid = connection.client.get_sid()
    assert len(sid) == 20 and sid != connection.client.eio.sid


@scenario
async def authRefused(clients):
    connection = clients.make(reconnection=False)
    try:
        await connection.connect(auth={"token": "wrong"})
    except Refused:
        pass
    else:
        raise AssertionError("connected all the same")
    assert await connection.next("connect_error") == ({"message": "not authorized", "data": {"code": "bad_token"}},)


@scenario
async def acksToTheServer(clients):
    connection = await clients.open()
    values = ['text \U0001f3b5 "\\\n', 1, -2.5, True, None, [1, [2]], {"a": {"b": []}}]
    assert await connection.ask("echo", values) == values
    assert list(await connection.ask("echo", *values)) == values
    assert await connection.ask("join", "nothing to say") in (None, ())


@scenario
async def acksToTheClient(clients):
    connection = clients.make()
    connection.answer("question", lambda first, second: {"first": first, "second": second})
    await connection.connect(auth=TOKEN)
    assert await connection.ask("ask", "a", {"b": 1}) == {"first": "a", "second": {"b": 1}}


@scenario
async def binaryBothWays(clients):
    connection = clients.make()
    connection.answer("question", lambda data: data)
    await connection.connect(auth=TOKEN)
    for size in (0, 1, 125, 126, 65535, 65536, 512 * 1024):
        sent = pattern(size)
        assert await connection.ask("echo", sent) == sent, size
        values = ({"before": 1, "deep": [{"data": sent}], "after": "x"}, sent[-1000:])
        await connection.emit("repeat", *values)
        assert await connection.next("repeated") == values, size
    sent = pattern(100_000)
    assert await connection.ask("ask", sent) == sent


@scenario
async def namespaces(clients):
    connection = clients.make(reconnection=False)
    await connection.connect(("/open", "/room-7"))
    for name in ("/open", "/room-7"):
        assert await connection.next("welcome", name) == (name,)
        assert await connection.ask("echo", name, namespace=name) == name
    nowhere = clients.make(reconnection=False)
    try:
        await nowhere.connect(("/open", "/nowhere"))
    except Refused:
        assert await nowhere.next("connect_error", "/nowhere") == ({"message": "Invalid namespace"},)
    else:
        raise AssertionError("connected all the same")


@scenario
async def everythingOnceAndInOrder(clients):
    connection = await clients.open()
    await connection.emit("count", 300)
    for number in range(300):
        await connection.emit("repeat", number)
    for event in ("number", "repeated"):
        assert [await connection.next(event) for _ in range(300)] == [(number,) for number in range(300)], event
    assert connection.queue("number").empty() and connection.queue("repeated").empty()


@scenario
async def rooms(clients):
    first, second = await clients.open(), await clients.open()
    await first.ask("join", "booth")
    await second.ask("tell", "booth", "hello")
    assert await first.next("told") == ("hello",)
    await second.ask("echo", "after")
    assert second.queue("told").empty()


@scenario
async def thrownOut(clients):
    connection = await clients.open(reconnection=False)
    await connection.emit("leave me", False)
    assert await connection.next("disconnect") == (connection.client.reason.SERVER_DISCONNECT,)


@scenario
async def comesBackAfterALostConnection(clients):
    connection = await clients.open()
    await connection.next("connect")
    if connection.client.eio.current_transport == "polling":
        await connection.lose()
    else:
        # Under the client's feet: were it told to disconnect, it would take that for final.
        websocket = connection.client.eio.ws
        await connection.call(websocket.close)
    await connection.next("disconnect")
    await connection.next("connect")
    assert await connection.ask("echo", "again") == "again"


@recovery
async def isGivenBackWhatItMissed(clients):
    connection, other = await clients.open(reconnection=False), await clients.open()
    await connection.ask("join", "booth")
    await other.ask("tell", "booth", "heard")
    text, offset = await connection.next("told")
    assert text == "heard"
    identity, private_id = connection.client.get_sid(), connection.client.private_ids["/"]
    await connection.lose()
    await connection.next("disconnect")
    for text in ("one", "two"):
        await other.ask("tell", "booth", text)
    back = clients.make(reconnection=False)
    await back.connect(auth=TOKEN | {"pid": private_id, "offset": offset})
    assert back.client.get_sid() == identity
    assert [(await back.next("told"))[0] for _ in range(2)] == ["one", "two"]
    await other.ask("tell", "booth", "still in the room")
    assert (await back.next("told"))[0] == "still in the room"
