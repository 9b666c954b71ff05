"""Sound from the library to a listener's ear, exact over every transport, encoding and rendition."""

import base64

import numpy
import pytest

import sound
from conftest import eventually
from listener import listening

TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": None}
RENDITIONS = {"mp3-192": "mp3", "aac-192": "aac", "lossless": "flac"}
WHOLE = {"bufferSeconds": 120}  # all of a short track is sent at once


def play(listener, track, **options):
    """Plays to the end; returns `stream_started` and the chunks."""
    stream = listener.ok("play_track", {"trackId": track["id"], **options})["streamId"]
    chunks = listener.wait_ended(stream)
    return listener.wait_for("stream_started", where=lambda started: started["streamId"] == stream), chunks


def description(started):
    return base64.b64decode(started["description"]) if "description" in started else b""


def check_sequence(started, chunks, position=0.0):
    """Numbers without a hole, and positions that follow from the samples sent before."""
    assert [chunk["seq"] for chunk in chunks] == list(range(len(chunks)))
    rate, at = started["sampleRate"], position
    for chunk in chunks:
        assert abs(chunk["position"] - at) < 0.6 / rate, f"chunk {chunk['seq']} begins at {chunk['position']}, not {at}"
        at += chunk["samples"] / rate
    times = [chunk["timestamp"] for chunk in chunks]
    assert times == sorted(times)


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS)
@pytest.mark.parametrize("quality, codec", RENDITIONS.items(), ids=RENDITIONS)
def test_a_played_track_decodes_to_the_source_sample_for_sample(server, music, tracks, transports, quality, codec):
    with listening(server, transports=transports, **WHOLE) as listener:
        started, chunks = play(listener, tracks["Odd FLAC"], quality=quality)
    assert (started["codec"], started["sampleRate"], started["channels"]) == (codec, 44100, 2)
    check_sequence(started, chunks)
    source = sound.source_samples(music.files["Odd FLAC"], 44100)
    ear = sound.heard(chunks, codec, description(started))
    assert len(ear.samples) == len(source)
    if codec == "flac":
        assert numpy.array_equal(ear.samples, source), "lossless is bit for bit"
    else:
        assert sound.lag(source, ear.samples) == 0
        assert sound.signal_to_noise(source, ear.samples) > 8


@pytest.mark.parametrize("quality, codec", RENDITIONS.items(), ids=RENDITIONS)
def test_every_file_of_the_library_keeps_its_exact_length(server, music, tracks, quality, codec):
    with listening(server, transports=["websocket"], **WHOLE) as listener:
        for title, path in music.files.items():
            track = tracks[title]
            if track["duration"] > 30:
                continue
            started, chunks = play(listener, track, quality=quality)
            check_sequence(started, chunks)
            source = sound.source_samples(path, started["sampleRate"])
            # Of a lossy file all that there is is no FLAC.
            assert started["codec"] == codec or (quality == "lossless" and "bitsPerSample" not in track)
            ear = sound.heard(chunks, started["codec"], description(started)).samples
            assert len(ear) == len(source), f"{title}: {len(ear)} samples, {len(source)} in the source"
            assert abs(started["duration"] - len(source) / started["sampleRate"]) < 1e-4, title
            assert sound.lag(source, ear) == 0, title


def test_recorded_music_arrives_whole(server, music, tracks):
    if not music.real:
        pytest.skip("no recorded music here: DUBPLATE_TEST_MUSIC names no folder")
    with listening(server, transports=["websocket"], **WHOLE) as listener:
        for title in music.real:
            started, chunks = play(listener, tracks[title], quality="aac-192")
            check_sequence(started, chunks)
            ear = sound.heard(chunks, "aac").samples
            source = sound.source_samples(music.files[title], started["sampleRate"])
            # A source at another rate is resampled; the filter's edge may round to either side.
            assert abs(len(ear) - len(source)) <= (
                0 if tracks[title]["sampleRate"] == started["sampleRate"] else 1
            ), title
            assert abs(sound.lag(source, ear)) <= 1, title
            assert sound.signal_to_noise(source, ear) > 8, title


def test_the_three_encodings_carry_the_same_chunks(server, tracks):
    heard = {}
    for encoding in ("binary", "protobuf", "base64"):
        with listening(server, transports=["websocket"], format=encoding, **WHOLE) as listener:
            _, chunks = play(listener, tracks["Odd 48k"], quality="mp3-192")
            kinds = {type(raw) for raw in listener.raw_chunks}
            assert kinds == ({bytes} if encoding == "protobuf" else {dict})
            if encoding != "protobuf":
                assert {type(raw["data"]) for raw in listener.raw_chunks} == {str if encoding == "base64" else bytes}
        # The first chunks' cut depends on what is already encoded; what they add up to doesn't.
        heard[encoding] = (b"".join(chunk["data"] for chunk in chunks), sum(chunk["samples"] for chunk in chunks))
        assert len({chunk["streamId"] for chunk in chunks}) == 1
        assert {chunk["epoch"] for chunk in chunks} == {0}
    assert heard["binary"] == heard["protobuf"] == heard["base64"]


def test_the_server_stays_just_ahead_of_the_playhead(server, tracks):
    ahead = 2
    with listening(server, transports=["websocket"], bufferSeconds=ahead) as listener:
        listener.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "low"})
        listener.wait_for("audio_chunk", where=lambda chunk: chunk["position"] >= ahead + 2)
        chunks = listener.chunks
        listener.ok("stop_track")
    first = chunks[0]
    assert first["samples"] <= 44100 / 4 + 1152, "the first chunk is short"
    for chunk in chunks:
        lead = chunk["position"] + chunk["samples"] / 44100 - chunk["timestamp"] / 1000
        assert lead <= ahead + 46080 / 44100 + 0.25, f"chunk {chunk['seq']} was sent {lead:.2f} s ahead"


def test_a_pause_stops_the_flow_and_resume_goes_on_without_a_hole(server, music, tracks):
    with listening(server, transports=["websocket"], bufferSeconds=1) as listener:
        listener.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "lossless"})
        listener.wait_for("audio_chunk", where=lambda chunk: chunk["position"] > 1)
        position = listener.ok("pause_track")["position"]
        paused = listener.chunks[-1]
        assert 0 <= position <= paused["position"] + paused["samples"] / 44100
        before = len(listener.chunks)
        with listening(server, user=server.lite, transports=["websocket"], bufferSeconds=1) as witness:
            witness.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "low"})
            witness.wait_for("audio_chunk", where=lambda chunk: chunk["position"] > 3)
        assert len(listener.chunks) == before, "another listener has heard two further seconds meanwhile"
        listener.ok("resume_track")
        listener.wait_for("audio_chunk", where=lambda chunk: chunk["position"] > paused["position"] + 2)
        listener.ok("stop_track")
        ended = listener.wait_for("stream_ended")
        assert ended["reason"] == "stopped"
        chunks, started = listener.chunks, listener.wait_for("stream_started")
    check_sequence(started, chunks)
    ear = sound.heard(chunks, "flac", description(started)).samples
    assert numpy.array_equal(ear, sound.source_samples(music.files["Long"], 44100)[: len(ear)])


def test_what_has_been_heard_to_its_end_begins_anew_on_resume(server, tracks):
    """On a device of its own; a user's session begins its queue anew."""
    with listening(server, transports=["websocket"], standalone=True) as listener:
        track = tracks["Long"]
        stream = listener.ok("play_track", {"trackId": track["id"], "quality": "low"})["streamId"]
        assert listener.ok("resume_track")["position"] < 5, "what plays goes on"
        listener.ok("seek_position", {"position": track["duration"] - 1.5})
        listener.wait_for("stream_ended", where=lambda ended: ended["reason"] == "finished")
        assert listener.ok("resume_track")["position"] > track["duration"] - 2, "its last second is still to be heard"
        status = f"/api/v1/stream/status/{stream}"
        eventually(lambda: server.get(status).json()["state"] == "ended", "the end", patience=30)
        assert listener.ok("resume_track")["position"] == 0
        again = listener.wait_for("audio_chunk", where=lambda chunk: chunk["epoch"] == 2)
        assert (again["streamId"], again["position"]) == (stream, 0)
        listener.wait_for("audio_chunk", where=lambda chunk: chunk["epoch"] == 2 and chunk["position"] > 2)


def test_a_seek_chooses_anew_what_the_link_carries(server, tracks):
    with listening(server, transports=["websocket"], standalone=True, bufferSeconds=1) as listener:
        listener.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "auto"})
        listener.wait_for("audio_chunk")
        listener.ok("network_stats", {"bandwidth": 1, "bufferMs": 0})
        listener.ok("seek_position", {"position": 60.5})
        first = listener.wait_for("audio_chunk", where=lambda chunk: chunk["epoch"] == 1)
        change = listener.of("quality_change")[-1]
        assert (change["codec"], change["reason"], change["quality"]) == ("opus", "rescue", "auto")
        assert first["position"] == change["position"] == pytest.approx(60.5, abs=1 / 44100)


@pytest.mark.parametrize("position", [0.0, 1.0, 77.7777, 149.9])
def test_a_seek_lands_on_the_sample(server, music, tracks, position):
    with listening(server, transports=["websocket"], bufferSeconds=1) as listener:
        stream = listener.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "lossless"})["streamId"]
        started = listener.wait_for("stream_started")
        listener.wait_for("audio_chunk")
        answer = listener.ok("seek_position", {"position": position})
        assert answer["epoch"] == 1 and abs(answer["position"] - position) < 0.6 / 44100
        listener.wait(
            lambda l: sum(c["samples"] for c in l.chunks if c["epoch"] == 1) > 44100 or l.of("stream_ended"),
            "a second of sound",
        )
        listener.call("stop_track")
        chunks = [chunk for chunk in listener.chunks if chunk["streamId"] == stream]
    assert [chunk["seq"] for chunk in chunks] == list(range(len(chunks)))
    after = [chunk for chunk in chunks if chunk["epoch"] == 1]
    assert chunks.index(after[0]) == len(chunks) - len(after), "no chunk of the old epoch follows one of the new"
    start = round(position * 44100)
    assert abs(after[0]["position"] - position) < 0.6 / 44100
    ear = sound.heard(after, "flac", description(started)).samples
    assert numpy.array_equal(ear, sound.source_samples(music.files["Long"], 44100)[start : start + len(ear)])


def test_a_track_can_start_in_its_middle(server, music, tracks):
    with listening(server, transports=["websocket"], **WHOLE) as listener:
        started, chunks = play(listener, tracks["Odd FLAC"], quality="mp3-192", position=5.0)
    check_sequence(started, chunks, position=5.0)
    source = sound.source_samples(music.files["Odd FLAC"], 44100)[round(5.0 * 44100) :]
    ear = sound.heard(chunks, "mp3").samples
    assert len(ear) == len(source) and sound.lag(source, ear) == 0


@pytest.mark.parametrize("before, after", [("low", "lossless"), ("lossless", "medium"), ("medium", "high")])
def test_a_change_of_quality_loses_and_repeats_nothing(server, music, tracks, before, after):
    with listening(server, transports=["websocket"], bufferSeconds=1) as listener:
        listener.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": before})
        started = listener.wait_for("stream_started")
        listener.wait_for("audio_chunk", where=lambda chunk: chunk["position"] > 1)
        answer = listener.ok("quality_change", {"quality": after})
        change = listener.wait_for("quality_change")
        assert answer["codec"] == change["codec"] and change["reason"]
        mark = listener.wait(
            lambda l: next((i for i, (name, _) in enumerate(l.events) if name == "quality_change"), None),
            "quality_change",
        )
        listener.wait(
            lambda l: sum(c["samples"] for c in l.of("audio_chunk", mark)) > 2 * 44100,
            "two seconds of the new rendition",
        )
        listener.ok("stop_track")
        events = list(listener.events)
    old = [payload for name, payload in events[:mark] if name == "audio_chunk"]
    new = [payload for name, payload in events[mark:] if name == "audio_chunk"]
    check_sequence(started, old + new)
    assert {chunk["epoch"] for chunk in old + new} == {0}, "a change of rendition is no seek"
    assert abs(change["position"] - new[0]["position"]) < 0.6 / 44100
    source = sound.source_samples(music.files["Long"], 44100)
    first = sound.heard(old, started["codec"], description(started)).samples
    second = sound.heard(new, change["codec"], description(change)).samples
    ear = numpy.concatenate([first, second])
    for part, at, codec in ((first, 0, started["codec"]), (second, len(first), change["codec"])):
        reference = source[at : at + len(part)]
        if codec == "flac":
            assert numpy.array_equal(part, reference)
        else:
            assert sound.signal_to_noise(reference, part) > 8
    assert sound.lag(source[: len(ear)], ear) == 0


def test_the_same_quality_again_changes_nothing(server, tracks):
    with listening(server, transports=["websocket"], **WHOLE) as listener:
        stream = listener.ok("play_track", {"trackId": tracks["Odd FLAC"]["id"], "quality": "medium"})["streamId"]
        assert listener.ok("quality_change", {"quality": "192kbps", "codec": "aac"})["codec"] == "aac"
        chunks = listener.wait_ended(stream)
    assert sum(chunk["samples"] for chunk in chunks) == round(tracks["Odd FLAC"]["duration"] * 44100)


def test_a_stream_prepared_over_rest_is_played_once_by_its_user(server, tracks):
    track = tracks["Odd 48k"]
    answer = server.post("/api/v1/stream/start", {"trackId": track["id"], "quality": "mp3-192", "position": 1.5})
    assert answer.status_code == 200, answer.text
    stream = answer.json()["streamId"]
    assert server.get(f"/api/v1/stream/status/{stream}").json()["state"] == "prepared"
    with listening(server, user=server.lite, transports=["websocket"]) as stranger:
        stranger.refused("play_track", {"streamId": stream}, "unknown_stream")
    assert server.get(f"/api/v1/stream/status/{stream}", user=server.lite).status_code == 404
    with listening(server, transports=["websocket"], **WHOLE) as listener:
        assert listener.ok("play_track", {"streamId": stream})["streamId"] == stream
        chunks = listener.wait_ended(stream)
        assert abs(chunks[0]["position"] - 1.5) < 0.6 / 48000
        status = server.get(f"/api/v1/stream/status/{stream}").json()
        assert status["state"] == "ended" or status["chunks"] == len(chunks)
        assert status["bytes"] == sum(len(chunk["data"]) for chunk in chunks)
        listener.refused("play_track", {"streamId": stream}, "unknown_stream")


def test_a_new_track_replaces_the_one_that_plays(server, tracks):
    with listening(server, transports=["websocket"], bufferSeconds=1) as listener:
        old = listener.ok("play_track", {"trackId": tracks["Long"]["id"]})["streamId"]
        listener.wait_for("audio_chunk")
        new = listener.ok("play_track", {"trackId": tracks["Blip"]["id"]})["streamId"]
        listener.wait_for(
            "stream_ended", where=lambda ended: ended["streamId"] == old and ended["reason"] == "replaced"
        )
        chunks = listener.wait_ended(new)
    assert sum(chunk["samples"] for chunk in chunks) == round(tracks["Blip"]["duration"] * 44100)


def test_opus_of_a_44_kilohertz_track_counts_at_48(server, music, tracks):
    with listening(server, transports=["websocket"], **WHOLE) as listener:
        started, chunks = play(listener, tracks["Odd FLAC"], quality="opus-128")
    assert (started["codec"], started["sampleRate"], started["bitrate"]) == ("opus", 48000, 128000)
    check_sequence(started, chunks)
    assert chunks[0]["skip"] == 3840 and not any(chunk.get("skip") for chunk in chunks[1:])
    source = sound.source_samples(music.files["Odd FLAC"], 48000)
    # All chunks together are an Ogg file, whose header has the priming taken off and whose last page says the end.
    raw = sound.ffmpeg("-f", "ogg", "-i", "pipe:0", "-f", "s16le", "pipe:1", stdin=b"".join(c["data"] for c in chunks))
    ear = numpy.frombuffer(raw, "<i2").reshape(-1, 2)
    assert len(ear) == sum(chunk["samples"] for chunk in chunks)
    assert abs(len(ear) - len(source)) <= 1
    assert sound.lag(source, ear[: len(source)]) == 0


@pytest.mark.parametrize("position", [0, 2.5])
def test_vorbis_is_pushed_as_a_playable_file(server, music, tracks, position):
    with listening(server, transports=["websocket"], **WHOLE) as listener:
        started, chunks = play(listener, tracks["Odd FLAC"], quality="160kbps", codec="ogg", position=position)
    assert (started["codec"], started["sampleRate"], started["bitrate"]) == ("ogg", 44100, 160000)
    check_sequence(started, chunks, position)
    # A decoder makes nothing of the priming; what is dropped lies between the page's beginning and the position.
    skip = chunks[0].get("skip", 0)
    assert skip == round(position * 44100) % 15360 and not any(chunk.get("skip") for chunk in chunks[1:])
    source = sound.source_samples(music.files["Odd FLAC"], 44100)[round(position * 44100) :]
    raw = sound.ffmpeg("-f", "ogg", "-i", "pipe:0", "-f", "s16le", "pipe:1", stdin=b"".join(c["data"] for c in chunks))
    ear = numpy.frombuffer(raw, "<i2").reshape(-1, 2)[skip:]
    assert len(ear) == sum(chunk["samples"] for chunk in chunks) == len(source)
    assert sound.lag(source, ear) == 0
    assert sound.signal_to_noise(source, ear) > 8
    # What a decoder is configured with: three headers, their number and lengths in front.
    headers = description(started)
    assert headers[:2] == bytes([2, 30]) and headers[3:10] == b"\x01vorbis"


def test_a_change_to_opus_and_back_loses_no_moment(server, tracks):
    with listening(server, transports=["websocket"], bufferSeconds=2) as listener:
        listener.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "mp3-192"})
        rates = [(0, 44100)]
        for quality, rate in (("opus-48", 48000), ("flac", 44100)):
            listener.ok("quality_change", {"quality": quality})
            change = listener.wait_for("quality_change", where=lambda c, q=quality: c["quality"] == q)
            assert change["sampleRate"] == rate
            rates.append((change["position"], rate))
        end = rates[-1][0] + 2
        listener.wait(lambda heard: heard.chunks[-1]["position"] > end, "chunks behind the last change")
        chunks = list(listener.chunks)
    at = 0.0
    for chunk in chunks:
        rate = [rate for begin, rate in rates if begin <= chunk["position"] + 1e-6][-1]
        # To the nearest sample of the other rate.
        assert abs(chunk["position"] - at) < 1.5 / 44100, chunk["seq"]
        at = chunk["position"] + chunk["samples"] / rate
