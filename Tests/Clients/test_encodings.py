"""MessagePack, compressed WebSockets and compressed polls, with clients that speak them by themselves."""

import asyncio
import base64
import concurrent.futures
import gzip
import json
import os
import urllib.request
import zlib

import pytest
import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

import python_clients
from server import Server
from test_clients import QUICK, TRANSPORTS, Chromium, Node, Python

# Clients that offer compression of their own accord: `ws` and Chromium.
COMPRESSING = {"node": (Node, "websocket"), "chromium": (Chromium, "upgrade")}
PACKING = [("async msgpack", transports) for transports in TRANSPORTS] + [("sync msgpack", "upgrade")]


@pytest.fixture(scope="module")
def packed():
    made = Server("--msgpack", *QUICK).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def deflating():
    made = Server("--deflate", *QUICK).start()
    yield made
    made.kill()


@pytest.fixture(scope="module", params=PACKING, ids=" ".join)
def packing_client(request):
    kind, transports = request.param
    made = Python(kind)
    yield made, TRANSPORTS[transports]
    made.close()


@pytest.fixture(scope="module", params=COMPRESSING)
def compressing_client(request):
    make, transports = COMPRESSING[request.param]
    made = make()
    yield made, TRANSPORTS[transports]
    made.close()


@pytest.mark.parametrize("name", python_clients.SCENARIOS)
def test_messagepack(packing_client, packed, name):
    client, transports = packing_client
    client.run(packed.url, transports, name)


@pytest.mark.parametrize("name", python_clients.SCENARIOS)
def test_compression(compressing_client, deflating, name):
    client, transports = compressing_client
    client.run(deflating.url, transports, name)


def run(coroutine):
    """In a thread of its own: the browser's driver has a loop that runs in this one."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def join(url, **options):
    socket = await websockets.connect(
        url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", proxy=None, **options
    )
    assert (await socket.recv()).startswith("0{")
    await socket.send('40{"token":"open sesame"}')
    assert (await socket.recv()).startswith("40{")
    return socket


async def answer(socket):
    """The next message that is no ping."""
    async with asyncio.timeout(20):
        while (message := await socket.recv()) == "2":
            await socket.send("3")
        return message


def test_a_client_with_a_small_window_gets_it_and_everything_comes_back(deflating):
    async def go():
        small = ClientPerMessageDeflateFactory(server_max_window_bits=12, client_max_window_bits=12)
        async with await join(deflating.url, extensions=[small]) as socket:
            (extension,) = socket.protocol.extensions
            assert (extension.name, extension.remote_max_window_bits) == ("permessage-deflate", 12)
            assert extension.remote_no_context_takeover and extension.local_no_context_takeover
            for size in (0, 1, 100, 4_000, 5_000, 70_000, 300_000):
                for text in ("ab " * (size // 3), base64.b64encode(os.urandom(size * 3 // 4)).decode()):
                    await socket.send("421" + json.dumps(["echo", text]))
                    assert json.loads((await answer(socket))[3:]) == [text]
            # In fragments: the first says that it is compressed, the others belong to it.
            whole = '422["echo","' + "fragment " * 5_000 + '"]'
            await socket.send(whole[place : place + 7_000] for place in range(0, len(whole), 7_000))
            assert await answer(socket) == '432["' + "fragment " * 5_000 + '"]'

    run(go())


def test_a_bomb_is_closed_with_message_too_large_and_costs_no_memory(deflating):
    async def go():
        before = deflating.resident_bytes()
        for _ in range(10):
            async with await join(deflating.url) as socket:
                await socket.send("4" + "a" * (30 << 20))
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    while True:
                        await socket.recv()
                assert closed.value.rcvd.code == 1009
        assert deflating.resident_bytes() - before < 30 << 20
        async with await join(deflating.url) as socket:
            await socket.send('421["echo","still here"]')
            assert await answer(socket) == '431["still here"]'

    run(go())


def poll(url, encoding, body=None):
    request = urllib.request.Request(url, data=body, headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.headers.get("Content-Encoding"), response.read()


@pytest.mark.parametrize("encoding, decode", [("gzip", gzip.decompress), ("deflate", zlib.decompress)])
def test_answers_to_polls_are_what_independent_decoders_read(deflating, encoding, decode):
    base = f"{deflating.url}/socket.io/?EIO=4&transport=polling"
    session = f"{base}&sid={json.loads(poll(base, 'identity')[1][1:])['sid']}"
    poll(session, "identity", b'40{"token":"open sesame"}')
    assert poll(session, "identity")[1].startswith(b"40{")
    text = "say it again " * 1_000
    poll(session, "identity", ("421" + json.dumps(["echo", text])).encode())
    said, body = poll(session, encoding)
    if body == b"2":
        said, body = poll(session, encoding)
    assert said == encoding and len(body) < 500
    assert json.loads(decode(body).decode().split("\x1e")[-1][3:]) == [text]
