"""Track boundaries and changes of quality, as they are rendered: no sample too many or too few, no error that isn't elsewhere.

Once with ffmpeg as the decoder of what was sent, and once through the web player's own receiver and worklet: what the
receiver decodes goes through an OfflineAudioContext.
"""

import base64

import numpy
import pytest

from listener import listening, sweep
from sound import ffmpeg, heard, source_samples

RATE = 44_100
WINDOW = 1024  # samples of which one error is taken

# Plays a queue on the player's own modules, with nothing of its page: `render(tracks, quality, changes)` gives the
# samples that leave the worklet, and where each stream begins. `changes` are qualities, asked for one after the other.
# With `isHeardOut` the tracks are listened to, and `heard` says which followed; else it's enough that they are decoded.
RENDERER = """async ([tracks, quality, changes, isHeardOut]) => {
  let stage = 'the modules';
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`it hangs at ${stage}`)), 75_000));
  return Promise.race([late, render()]);

  async function render() {
  const { Emitter } = await import('/js/events.js');
  const { StreamReceiver } = await import('/js/player/stream-receiver.js');
  const connection = new Emitter();
  const receiver = new StreamReceiver(connection);
  receiver.accept = () => true;
  const blocks = [];
  const begun = [];
  const said = [];
  const sent = [];
  let written = 0;
  receiver.output.open(44_100);
  await receiver.output.ready();
  receiver.output.tap((block) => { blocks.push({ type: 'block', generation: 1, block }); written += block[0].length; });
  const begin = receiver.output.begin.bind(receiver.output);
  const end = receiver.output.end.bind(receiver.output);
  const decoded = new Promise((resolve) => (receiver.output.end = () => {
    end();
    if (begun.length === tracks.length) resolve();
  }));
  receiver.output.begin = (segment) => {
    blocks.push({ type: 'segment', generation: 1, id: segment.id });
    begun.push(written);
    begin(segment);
  };
  const auth = { format: 'binary', bufferSeconds: changes.length ? 1 : 30, deviceId: `gapless-${Math.random()}`.replace('.', ''), codecs: ['mp3', 'aac', 'flac'] };
  const socket = io({ transports: ['websocket'], forceNew: true, auth });
  for (const name of ['stream_started', 'audio_chunk', 'quality_change', 'stream_ended', 'stream_error']) {
    socket.on(name, (payload) => {
      if (name === 'stream_started' || name === 'quality_change') sent.push({ codec: payload.codec, bitrate: payload.bitrate });
      if (name === 'quality_change') said.push({ at: payload.position, quality: payload.quality });
      connection.emit(name, payload);
    });
  }
  const ask = async (event, payload) => {
    const ack = await socket.timeout(20_000).emitWithAck(event, payload);
    if (!ack.ok) throw new Error(`${event}: ${JSON.stringify(ack.error)}`);
  };
  stage = 'connecting';
  await new Promise((resolve) => socket.on('connect', resolve));
  stage = 'the commands';
  const ended = new Promise((resolve, reject) => {
    receiver.on('ended', resolve);
    receiver.on('failed', ({ code }) => reject(new Error(code)));
  });
  const heard = [];
  receiver.on('heard', ({ stream }) => heard.push(stream.trackId));
  receiver.output.play();
  await ask('queue_clear', { all: true });
  await ask('crossfade_change', { seconds: 0 });
  await ask('queue_set', { tracks, quality });
  const until = (what, holds) => new Promise((resolve, reject) => {
    const poll = setInterval(() => holds() && resolve(clearInterval(poll)), 20);
    setTimeout(() => reject(new Error(`never: ${what}`), clearInterval(poll)), 30_000);
  });
  for (const change of changes) {
    const before = receiver.books.chunks;
    await until('a chunk', () => receiver.books.chunks > before);
    await ask('quality_change', { quality: change });
    await until(change, () => said.at(-1)?.quality === change);
  }
  stage = 'the end of the sound';
  await (isHeardOut ? ended : Promise.race([decoded, ended]));
  stage = 'rendering';
  socket.disconnect();

  // The same blocks through the very worklet, into memory. Rendering doesn't wait for messages: it pauses every PAUSE
  // frames, and a while each time, until the worklet says that it has everything; then until it has begun to play.
  const PAUSE = 4096;
  const context = new OfflineAudioContext(2, written + 500 * PAUSE, 44_100);
  await context.audioWorklet.addModule('/js/audio/worklet.js');
  const processorOptions = { startThreshold: 1, recoverThreshold: 1 };
  const node = new AudioWorkletNode(context, 'dubplate-output', { numberOfInputs: 0, outputChannelCount: [2], processorOptions });
  node.connect(context.destination);
  let queued = 0;
  let isTold = false;
  let isPlaying = false;
  const left = new Promise((resolve) => (node.port.onmessage = ({ data }) => {
    queued = data.queued;
    isPlaying ||= data.events.includes('started');
    if (data.events.includes('started')) resolve(data.spans.find(({ step }) => step === 1).frame);
  }));
  const pause = () => context.suspend(context.currentTime + PAUSE / 44_100).then(async () => {
    if (!isPlaying) pause();
    if (!isTold && queued >= written) {
      isTold = true;
      node.port.postMessage({ type: 'play' });
    }
    if (!isPlaying) await new Promise((resolve) => setTimeout(resolve, 20));
    return context.resume();
  });
  for (const message of [{ type: 'flush', generation: 1 }, ...blocks, { type: 'end', generation: 1 }]) node.port.postMessage(message);
  pause();
  const audio = await context.startRendering();
  stage = 'the start of what was rendered';
  const from = await left;
  const samples = [0, 1].map((c) => audio.getChannelData(c).subarray(from, from + written + PAUSE));
  const all = new Float32Array(2 * samples[0].length);
  samples.forEach((channel, c) => channel.forEach((sample, i) => (all[2 * i + c] = sample)));
  const bytes = new Uint8Array(all.buffer);
  let text = '';
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return { written, begun, said, sent, heard, errors: receiver.decodeErrors, rendered: btoa(text) };
  }
}"""


def own_queue(listener, ids, quality):
    """Sets the queue and plays it here, whatever other tests left behind."""
    sweep(listener)
    listener.ok("queue_set", {"tracks": ids, "quality": quality, "play": True})


def streams(listener, count):
    """The first `count` streams, each with its chunks, as soon as all have been sent."""
    started = listener.wait(lambda l: len(l.of("stream_started")) >= count and l.of("stream_started"), f"{count} streams", 60)
    return [(stream, listener.wait_ended(stream["streamId"], timeout=60)) for stream in started[:count]]


def errors(sound, source):
    """Root mean square of the difference, window by window, in relation to how loud the source is about there."""
    count = len(sound) // WINDOW * WINDOW
    difference = (sound[:count] - source[:count]).reshape(-1, WINDOW * sound.shape[1])
    level = source[:count].reshape(-1, WINDOW * sound.shape[1])
    return numpy.sqrt((difference**2).mean(axis=1)) / (numpy.sqrt((level**2).mean(axis=1)) + 1e-3)


ENCODERS = {"mp3": ("libmp3lame", "mp3"), "aac": ("aac", "m4a"), "flac": ("flac", "flac")}


def in_one_piece(path, codec, bitrate, folder):
    """A track as an encoder of the same codec and bitrate makes it of the whole file: what that does to a beginning."""
    encoder, ending = ENCODERS[codec]
    target = folder / f"{path.stem}-{codec}-{bitrate}.{ending}"
    ffmpeg("-y", "-i", path, "-map", "0:a:0", "-c:a", encoder, *(("-b:a", bitrate) if codec != "flac" else ()), target)
    count = len(source_samples(path, RATE))
    samples = source_samples(target, RATE)[:count] / 32768
    return numpy.pad(samples, ((0, count - len(samples)), (0, 0)))


def assert_no_worse_at(places, sound, source, pieces):
    """The windows around each place have no larger an error than those elsewhere, or than those there have in `pieces`:
    the same music in the same codecs, encoded without a boundary. (Where music is hardest to encode, it is with one too.)
    """
    found, without = errors(sound, source), [errors(piece, source) for piece in pieces]
    near = {index for place in places for index in range(place // WINDOW - 1, place // WINDOW + 2) if 0 <= index < len(found)}
    elsewhere = max(error for index, error in enumerate(found) if index not in near)
    for index in sorted(near):
        there = max(error for piece in without for error in piece[max(index - 1, 0) : index + 2])
        # Half a decibel: the highest of three windows is held against the highest of some hundred others.
        assert found[index] <= max(1.06 * elsewhere, there, 1e-4), f"window {index}: {found[index]}, elsewhere {elsewhere}, there {there}"


def test_the_next_track_follows_the_last_sample_bit_by_bit(server, music, tracks):
    titles = ["Odd FLAC", "Odd FLAC", "Blip"]
    with listening(server, bufferSeconds=30) as listener:
        own_queue(listener, [tracks[title]["id"] for title in titles], "lossless")
        parts = streams(listener, 3)
    for (former, _), (stream, _) in zip(parts, parts[1:]):
        assert stream["follows"] == former["streamId"] and stream.get("crossfade", 0) == 0
    sound = numpy.concatenate([heard(chunks, "flac", base64.b64decode(stream["description"])).samples for stream, chunks in parts])
    source = numpy.concatenate([source_samples(music.files[title], RATE) for title in titles])
    assert sound.shape == source.shape
    assert numpy.array_equal(sound, source)


@pytest.mark.parametrize("quality", ["low", "high"])
def test_a_boundary_of_a_lossy_codec_has_no_larger_error_than_elsewhere(server, music, tracks, tmp_path, quality):
    titles = ["Odd FLAC", "Odd FLAC"]
    with listening(server, bufferSeconds=30) as listener:
        own_queue(listener, [tracks[title]["id"] for title in titles], quality)
        parts = streams(listener, 2)
    one = source_samples(music.files["Odd FLAC"], RATE) / 32768
    sound = numpy.concatenate([heard(chunks, stream["codec"]).samples / 32768 for stream, chunks in parts])
    assert sound.shape == (2 * len(one), 2)
    piece = in_one_piece(music.files["Odd FLAC"], parts[0][0]["codec"], parts[0][0]["bitrate"], tmp_path)
    assert_no_worse_at([len(one)], sound, numpy.concatenate([one, one]), [numpy.concatenate([piece, piece])])


@pytest.fixture(scope="module")
def page(chromium, server):
    context = chromium.new_context()
    context.add_cookies([{"name": "dubplate_token", "value": server.token(), "url": server.url, "httpOnly": True}])
    page = context.new_page()
    page.set_default_timeout(120_000)
    # A page of the server's own without a player in it: its modules and the official client are enough.
    page.goto(f"{server.url}/healthz")
    page.add_script_tag(url=f"{server.url}/socket.io/socket.io.js")
    yield page
    context.close()


def rendered(page, tracks, titles, quality, changes=(), heard_out=False):
    result = page.evaluate(RENDERER, [[tracks[title]["id"] for title in titles], quality, list(changes), heard_out])
    assert result["errors"] == 0
    sound = numpy.frombuffer(base64.b64decode(result["rendered"]), "<f4").reshape(-1, 2)
    rest = sound[result["written"] :]
    # Behind the last sample its value dies away, and that is all.
    assert len(rest) > 300 and numpy.abs(rest[300:]).max() < 1e-4
    return result, sound[: result["written"]]


def kinds(result):
    """The codecs and bitrates that were played."""
    return {(each["codec"], each["bitrate"]) for each in result["sent"]}


def faded(source):
    """The start of a sound as the worklet fades it in."""
    source = source.copy()
    source[:256] *= (numpy.arange(256) / 256)[:, None]
    return source


def test_the_player_renders_a_boundary_bit_by_bit(page, server, music, tracks):
    titles = ["Odd FLAC", "Odd FLAC", "Blip"]
    result, sound = rendered(page, tracks, titles, "lossless", heard_out=True)
    sources = [source_samples(music.files[title], RATE) / 32768 for title in titles]
    assert result["begun"] == [0, len(sources[0]), len(sources[0]) + len(sources[1])]
    assert result["heard"] == [tracks[title]["id"] for title in titles[1:]]
    source = faded(numpy.concatenate(sources)).astype("<f4")
    assert sound.shape == source.shape
    assert numpy.array_equal(sound[256:], source[256:])
    assert numpy.allclose(sound, source, atol=1e-6)


@pytest.mark.parametrize("quality", ["low", "medium"])
def test_the_player_renders_a_lossy_boundary_no_worse_than_elsewhere(page, music, tracks, tmp_path, quality):
    one = source_samples(music.files["Odd FLAC"], RATE) / 32768
    result, sound = rendered(page, tracks, ["Odd FLAC", "Odd FLAC"], quality)
    assert result["begun"] == [0, len(one)]
    assert sound.shape == (2 * len(one), 2)
    (piece,) = (in_one_piece(music.files["Odd FLAC"], *kind, tmp_path) for kind in kinds(result))
    assert_no_worse_at([len(one)], sound, faded(numpy.concatenate([one, one])), [numpy.concatenate([piece, piece])])


def test_the_player_renders_another_rate_behind_this_one_with_the_right_count(page, music, tracks):
    result, sound = rendered(page, tracks, ["Odd FLAC", "Odd 48k", "Odd FLAC"], "lossless")
    one, other = (source_samples(music.files[title], rate) / 32768 for title, rate in (("Odd FLAC", 44_100), ("Odd 48k", 48_000)))
    middle = round(len(other) * 44_100 / 48_000)
    assert result["begun"] == [0, len(one), len(one) + middle]
    assert len(sound) == 2 * len(one) + middle
    # On either side the samples are the source's own.
    assert numpy.array_equal(sound[256 : len(one)], one.astype("<f4")[256:])
    assert numpy.array_equal(sound[-len(one) :], one.astype("<f4"))
    # ffmpeg's resampler is another one, with other filters: they agree within a few thousandths.
    resampled = source_samples(music.files["Odd 48k"], RATE) / 32768
    count = min(middle, len(resampled))
    found = errors(sound[len(one) : len(one) + count], resampled[:count])
    assert max(found[0], found[-1]) <= max(found[1:-1].max(), 0.02)


def test_the_player_renders_changes_of_quality_no_worse_than_elsewhere(page, music, tracks, tmp_path):
    source = source_samples(music.files["Odd FLAC"], RATE) / 32768
    result, sound = rendered(page, tracks, ["Odd FLAC"], "low", ["lossless", "low", "medium"])
    assert len(result["said"]) == 3
    assert sound.shape == source.shape
    places = [round(change["at"] * RATE) for change in result["said"]]
    pieces = [in_one_piece(music.files["Odd FLAC"], *kind, tmp_path) for kind in kinds(result)]
    assert_no_worse_at(places, sound, faded(source), pieces)
