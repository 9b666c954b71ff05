"""One user does his worst; everybody else is served as before."""

import asyncio
import concurrent.futures
import os
import time

import pytest
import requests

import crowd
import flood
from conftest import Server
from crowd import Device, processor_seconds
from flood import Flood
from test_faults import resident_bytes

pytestmark = pytest.mark.attack

OTHERS = 150  # listeners who mind their own business
HEARTBEAT = 45  # seconds without a pong, from one ping on, that end a connection
AT_LENGTH = bool(os.environ.get("DUBPLATE_ATTACK_SECONDS"))


@pytest.fixture(scope="module")
def arena(music, tmp_path_factory):
    """One server for all floods."""
    folder = tmp_path_factory.mktemp("arena")
    running = Server(folder / "data", music.folder, folder / "server.log").start()
    yield running
    running.process.kill()
    running.process.wait()


async def ask_each(others):
    """Every other listener commands something, and is answered."""
    answers = await asyncio.gather(*(device.call("clock_sync", {"t0": 1}) for device in others))
    assert all(answer["ok"] for answer in answers), answers


async def settled(devices):
    """Waits until each has heard how things are."""
    deadline = time.monotonic() + crowd.PATIENCE
    while not all("sync_state" in device.heard for device in devices):
        assert time.monotonic() < deadline, "somebody has not heard of his session"
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("kind", [
    # All at once takes a whole core of an optimised server, and a debug build's pongs come late.
    pytest.param(kind, marks=pytest.mark.skipif(kind == "everything" and not AT_LENGTH, reason="scripts/attack"))
    for kind in flood.KINDS
])
def test_a_flood_over_all_of_a_users_devices_disturbs_nobody_else(arena, kind, attack_seconds):
    server, place = arena, list(flood.KINDS).index(kind) * (OTHERS + 1)
    tokens = crowd.listener_tokens(server, len(flood.KINDS) * (OTHERS + 1))[place : place + OTHERS + 1]

    async def run():
        others = await crowd.open_all(Device(server.port, token, deviceId="d") for token in tokens[1:])
        await settled(others)
        greedy = await asyncio.to_thread(Flood, server, tokens[0], kind, max(attack_seconds, 2))
        await ask_each(others)
        while not greedy.over():
            await ask_each(others)
        gone = [device.ended for device in others if device.ended]
        assert not gone, f"{len(gone)} of {OTHERS} others were thrown off: {gone[:3]}"
        for device in others:
            await device.close()
        return greedy.result()

    came = asyncio.run(run())
    assert server.process.poll() is None
    # His own devices are told of it ten times a second, and a few more at first.
    assert max(came["told"]) <= 10 * came["seconds"] + 30, came
    # What is beyond his budget isn't carried out, over all of his devices together.
    assert came["sent"] > came["done"] and came["done"] <= 100 * came["seconds"] + 250, came


@pytest.mark.skipif(not AT_LENGTH, reason=f"a heartbeat takes {HEARTBEAT} s to fail: scripts/attack")
def test_a_flood_passes_by_the_heartbeats_of_others(fresh_server):
    """Others say nothing by themselves: they are there as long as their pongs are seen in time."""
    server = fresh_server().start()
    tokens = crowd.listener_tokens(server, OTHERS + 1)

    async def run():
        others = await crowd.open_all(Device(server.port, token, deviceId="d") for token in tokens[1:])
        greedy = await asyncio.to_thread(Flood, server, tokens[0], "settings", HEARTBEAT + 5)
        while not greedy.over():
            await asyncio.sleep(0.1)
        assert all(device.pings for device in others)
        assert not [device.ended for device in others if device.ended]
        for device in others:
            await device.close()
        greedy.result()

    asyncio.run(run())


def test_a_user_and_a_token_have_so_many_connections(fresh_server):
    server = fresh_server().start()
    mine, other = crowd.listener_tokens(server, 2)

    async def run():
        opened, refusals = [], []
        for number in range(140):
            device = Device(server.port, mine, deviceId=f"d{number}")
            try:
                opened.append(await device.open())
            except crowd.Refused as refusal:
                refusals.append(str(refusal))
            if number % 20 == 19:
                await asyncio.sleep(0.4)  # as often as a connection may be made
        assert 64 <= len(opened) <= 128 and refusals, (len(opened), len(refusals))
        assert all('"rate_limited"' in refusal for refusal in refusals), refusals[:2]
        # Somebody else comes in, and who makes room can come again.
        await (await Device(server.port, other).open()).close()
        for device in opened[:10]:
            await device.close()
        deadline = time.monotonic() + crowd.PATIENCE
        while True:
            try:
                await (await Device(server.port, mine, deviceId="again").open()).close()
                break
            except crowd.Refused:
                assert time.monotonic() < deadline, "there is room, and nobody is let in"
                await asyncio.sleep(0.2)
        for device in opened:
            await device.close()

    asyncio.run(run())


# MARK: Requests and encoders


def start(server, token, track, **more):
    return requests.post(
        server.url + "/api/v1/stream/start", json={"trackId": track} | more,
        headers={"Authorization": f"Bearer {token}"}, timeout=crowd.PATIENCE,
    )  # fmt: skip


def test_requests_are_paid_for_by_their_user(fresh_server, attack_seconds):
    server = fresh_server().start()
    track = server.wait_tracks("Long")["Long"]["id"]
    greedy, other = crowd.listener_tokens(server, 2)
    prepared = start(server, other, track).json()
    until, answers = time.monotonic() + max(attack_seconds, 2), []

    def ask():
        while time.monotonic() < until:
            answers.append(start(server, greedy, track))

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(ask) for _ in range(12)]
        while time.monotonic() < until:
            mine = requests.get(
                server.url + "/api/v1/tracks?limit=1", headers={"Authorization": f"Bearer {other}"}, timeout=60
            )
            assert mine.status_code == 200, mine.text
        for future in asked:
            future.result()
    took = time.monotonic() - began
    admitted = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(admitted) <= 20 * took + 110, f"{len(admitted)} streams in {took:.1f} s"
    for answer in refused:
        assert int(answer.headers["retry-after"]) >= 1 and answer.json()["error"]["code"] == "rate_limited"
    # Somebody else's stream was not pushed out by all of these.
    status = requests.get(
        f"{server.url}/api/v1/stream/status/{prepared['streamId']}",
        headers={"Authorization": f"Bearer {other}"}, timeout=60,
    )  # fmt: skip
    assert status.status_code == (200 if time.monotonic() - began < 55 else status.status_code), status.text
    # Of his own, the newest are there and the oldest aren't.
    if len(admitted) > 64:
        kept = [
            requests.get(
                f"{server.url}/api/v1/stream/status/{answer.json()['streamId']}",
                headers={"Authorization": f"Bearer {greedy}"}, timeout=60,
            ).status_code
            for answer in (admitted[0], admitted[-1])
        ]  # fmt: skip
        assert kept[0] in (404, 429) and kept[1] in (200, 429), kept


def test_a_hoarder_of_segments_delays_nobodys_first_sound(fresh_server, attack_seconds):
    """One account with many streams asks for more than can be made, over HTTP, on and on: others still hear at once."""
    server = fresh_server(arguments=("--encoders", "2")).start()
    tracks = server.wait_tracks("Long")
    long = tracks["Long"]["id"]
    greedy, *others = crowd.listener_tokens(server, 9)
    streams = [start(server, greedy, long).json()["urls"] for _ in range(20)]
    before, files = resident_bytes(server), len(os.listdir(f"/proc/{server.pid}/fd"))
    until = time.monotonic() + max(attack_seconds, 3)
    statuses, most = {}, {"files": 0, "bytes": 0}
    renditions = ("mp3-320", "mp3-192", "aac-192", "flac", "opus-128")

    def hoard(number):
        urls, place = streams[number % 20], number * 7
        with requests.Session() as session:
            while time.monotonic() < until:
                rendition = renditions[place % len(renditions)]
                path, query = urls[rendition].split("?", 1)
                extension = "mp3" if rendition.startswith("mp3") else "m4s"
                segment = f"{path.rsplit('.', 1)[0]}/{place % 55}.{extension}?{query}"
                place += 11
                answer = session.get(server.url + segment, timeout=120)
                statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1

    async def listen():
        for token in others:
            device = await Device(server.port, token, deviceId="d", bufferSeconds=1).open()
            position = float(others.index(token) * 11 + 5)
            answer = await device.call("play_track", {"trackId": long, "quality": "high", "position": position})
            assert answer["ok"], answer
            deadline = time.monotonic() + crowd.PATIENCE
            while device.chunks < 4:
                assert not device.ended, device.ended
                assert "stream_error" not in device.heard, device.last["stream_error"]
                assert time.monotonic() < deadline, "no sound"
                await asyncio.sleep(0.02)
            most["files"] = max(most["files"], len(os.listdir(f"/proc/{server.pid}/fd")) - files)
            most["bytes"] = max(most["bytes"], resident_bytes(server) - before)
            await device.close()

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        hoarding = [pool.submit(hoard, number) for number in range(64)]
        while time.monotonic() < until:
            asyncio.run(listen())
        for future in hoarding:
            future.result()
    # 64 requests at once of one account, of which sixteen are in the making, over all of its streams together.
    assert set(statuses) <= {200, 503}, statuses
    assert statuses.get(503), "one account was given all that it asked for"
    assert most["files"] < 64 + 16 * 2 + 40, most
    assert most["bytes"] < 400 << 20, most


def test_a_long_queue_shuffled_without_end_costs_little(fresh_server, attack_seconds):
    server = fresh_server().start()
    tracks = [track["id"] for track in server.wait_tracks("Long").values()]
    tokens = crowd.listener_tokens(server, 21)

    async def run():
        device, remote = await crowd.open_all(Device(server.port, tokens[0], deviceId=name) for name in "ab")
        queue = [tracks[n % len(tracks)] for n in range(10_000)]
        assert (await device.call("queue_set", {"tracks": queue, "play": False}))["ok"]
        began, until, number = processor_seconds(server), time.monotonic() + max(attack_seconds, 3), 0
        start = time.monotonic()
        while time.monotonic() < until:
            answer = await device.call("shuffle_change", {"shuffle": number % 2 == 0})
            assert answer["ok"] and answer["queue"]["total"] == 10_000
            number += 1
            await asyncio.sleep(0.05)
        cost, took = processor_seconds(server) - began, time.monotonic() - start
        print(f"{number} shuffles cost {cost:.2f} s of a core in {took:.1f} s")
        # Twenty listeners keep as long a queue each.
        before = resident_bytes(server)
        keepers = await crowd.open_all(Device(server.port, token, deviceId="k") for token in tokens[1:])
        for keeper in keepers:
            answer = await keeper.call("queue_set", {"tracks": queue, "play": False, "shuffle": True})
            assert answer["ok"], answer
        grown = resident_bytes(server) - before
        print(f"{len(keepers)} queues of {len(queue)} take {grown >> 10} kB")
        for device in [device, remote, *keepers]:
            await device.close()

    asyncio.run(run())


def test_a_mass_start_is_nothing_to_those_who_play(fresh_server, attack_seconds):
    """Many users come and begin at once, while some play: nobody who plays runs dry."""
    server = fresh_server().start()
    long = server.wait_tracks("Long")["Long"]["id"]
    crowd_size = 200 if attack_seconds < 30 else 1_000
    tokens = crowd.listener_tokens(server, crowd_size + 20)

    async def run():
        playing = await crowd.open_all(Device(server.port, token, deviceId="p", bufferSeconds=3) for token in tokens[:20])
        for device in playing:
            assert (await device.call("play_track", {"trackId": long, "quality": "low"}))["ok"]

        async def come(token):
            device = await Device(server.port, token, deviceId="c").open()
            answer = await device.call("play_track", {"trackId": long, "quality": "low"})
            assert answer["ok"], answer
            return device

        came = await asyncio.gather(*(come(token) for token in tokens[20:]))
        await settled(came)
        deadline = time.monotonic() + crowd.PATIENCE
        while not all(device.chunks for device in came):
            assert time.monotonic() < deadline, "somebody hears nothing"
            await asyncio.sleep(0.1)
        assert not [device.ended for device in playing + came if device.ended]
        for device in playing + came:
            await device.close()

    asyncio.run(run())
