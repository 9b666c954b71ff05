"""The sound of the demo library: a drum kit, basses, pads and bells, put together in four-bar blocks.

Standard library only. Every random choice comes from a generator seeded by the song: the music is the same each time.
"""

import array
import math
import operator
import random

TABLE = 2048  # samples of one cycle in a wavetable; a power of two
STEPS = 64  # sixteenths in a block of four bars


def hertz(note):
    return 440 * 2 ** ((note - 69) / 12)


def wavetable(amplitudes):
    """One cycle with the given amplitudes of its harmonics, its peak at 1. Band-limited by construction."""
    cycle = [0.0] * TABLE
    for harmonic, amplitude in enumerate(amplitudes, 1):
        step = 2 * math.pi * harmonic / TABLE
        # Phases spread over the harmonics keep the peak low for the same loudness.
        phase = harmonic * harmonic * 0.7
        cycle = [sample + amplitude * math.sin(i * step + phase) for i, sample in enumerate(cycle)]
    peak = max(abs(sample) for sample in cycle)
    return [sample / peak for sample in cycle]


SINE = wavetable([1])
SUB = wavetable([1, 0.22, 0.1, 0.03])
DARK = wavetable([math.exp(-n / 4) / n**0.5 for n in range(1, 16)])
BRIGHT = wavetable([1 / n**0.8 * math.exp(-n / 26) for n in range(1, 64)])
SOFT = wavetable([1 / n**1.5 * math.exp(-n / 7) for n in range(1, 14)])


def tone(table, frequency, count, rate, phase=0.0):
    step, start, mask = frequency * TABLE / rate, phase * TABLE, TABLE - 1
    return [table[int(start + i * step) & mask] for i in range(count)]


def decay(count, rate, seconds):
    """An exponential envelope that falls to a thousandth in `seconds`."""
    ratio, level, envelope = 0.001 ** (1 / (seconds * rate)), 1.0, []
    for _ in range(count):
        envelope.append(level)
        level *= ratio
    return envelope


def product(a, b):
    return list(map(operator.mul, a, b))


def scaled(samples, gain):
    return [sample * gain for sample in samples]


def mixed(*parts):
    length = max(map(len, parts))
    total = [0.0] * length
    for part in parts:
        total[: len(part)] = map(operator.add, total, part)
    return total


def high_passed(samples, amount):
    last, out, state = 0.0, [], 0.0
    for sample in samples:
        state = amount * (state + sample - last)
        last = sample
        out.append(state)
    return out


def low_passed(samples, amount):
    out, state = [], 0.0
    for sample in samples:
        state += amount * (sample - state)
        out.append(state)
    return out


def faded(samples, attack, release):
    """Linear edges of `attack` and `release` samples, so that no note begins or ends with a click."""
    out, count = list(samples), len(samples)
    for i in range(min(attack, count)):
        out[i] *= i / attack
    for i in range(min(release, count)):
        out[count - 1 - i] *= i / release
    return out


class Kit:
    """The one-shots of a drum kit, each rendered once."""

    def __init__(self, rate, dice, hard):
        def noise(seconds):
            return [dice.uniform(-1, 1) for _ in range(int(seconds * rate))]

        count = int(0.3 * rate)
        angle, kick = 0.0, []
        for i in range(count):
            angle += 2 * math.pi * (46 + 150 * math.exp(-i / rate * 42) + 900 * math.exp(-i / rate * 400)) / rate
            kick.append(math.tanh(1.6 * math.sin(angle)))
        self.kick = faded(product(kick, decay(count, rate, 0.34)), 20, 900)

        body = mixed(
            scaled(product(tone(SINE, 196, int(0.16 * rate), rate), decay(int(0.16 * rate), rate, 0.17)), 0.75),
            scaled(product(tone(SINE, 331, int(0.1 * rate), rate), decay(int(0.1 * rate), rate, 0.1)), 0.4),
        )
        wires = noise(0.26)
        wires = product(high_passed(low_passed(wires, 0.75), 0.86), decay(len(wires), rate, 0.24 if hard else 0.2))
        crack = noise(0.012)
        crack = scaled(product(crack, decay(len(crack), rate, 0.012)), 0.6)
        self.snare = faded([math.tanh(1.5 * s) for s in mixed(body, scaled(wires, 0.95), crack)], 8, 600)
        self.ghost = scaled(low_passed(self.snare, 0.42), 0.6)

        def hat(seconds, fall):
            hiss = high_passed(high_passed(noise(seconds), 0.42), 0.42)
            ring = mixed(*(tone(BRIGHT, f, len(hiss), rate, dice.random()) for f in (5273, 6841, 8117)))
            return faded(product(mixed(hiss, scaled(ring, 0.12)), decay(len(hiss), rate, fall)), 6, 200)

        self.closed = hat(0.06, 0.07)
        self.open = hat(0.24, 0.3)
        self.ride = scaled(hat(0.5, 0.7), 0.7)


class Stem:
    """One stereo layer of a block. What rings past the block's end goes on at its start, so that it can repeat."""

    def __init__(self, count):
        self.count, self.left, self.right = count, [0.0] * count, [0.0] * count

    def add(self, at, sound, gain=1.0, pan=0.0):
        at = int(at) % self.count
        sound = sound[: self.count]
        for channel, level in ((self.left, gain * (1 - max(pan, 0))), (self.right, gain * (1 + min(pan, 0)))):
            if not level:
                continue
            part = scaled(sound, level)
            head = min(len(part), self.count - at)
            channel[at : at + head] = map(operator.add, channel[at : at + head], part)
            if head < len(part):
                channel[: len(part) - head] = map(operator.add, channel, part[head:])

    def interleaved(self):
        out = array.array("f", bytes(8 * self.count))
        out[0::2], out[1::2] = array.array("f", self.left), array.array("f", self.right)
        return out.tobytes()


# Step numbers of one bar: K kick, S snare, g ghost snare.
BREAKS = {
    "roller": ({"K": (0, 10), "S": (4, 12), "g": (7, 15)}, {"K": (0, 3, 10), "S": (4, 12), "g": (7, 9, 14)}),
    "liquid": ({"K": (0, 10), "S": (4, 12), "g": (7, 9)}, {"K": (0, 2, 10), "S": (4, 12), "g": (7, 9, 15)}),
    "reese": ({"K": (0, 10), "S": (4, 12), "g": (14,)}, {"K": (0, 6, 10), "S": (4, 12), "g": (7, 15)}),
    "halftime": ({"K": (0, 3, 11), "S": (8,), "g": (6, 14)}, {"K": (0, 5, 10), "S": (8,), "g": (3, 13, 15)}),
    "jungle": (
        {"K": (0, 2, 10, 11), "S": (4, 12), "g": (7, 9, 15)},
        {"K": (0, 2, 10), "S": (4, 7, 14), "g": (9, 11, 12)},
    ),
    "ambient": ({"K": (0,), "S": (), "g": (12,)}, {"K": (0, 10), "S": (), "g": (7,)}),
}
# Which bass notes a bar plays: (step, length in steps, semitones above the root).
BASS = {
    "roller": ((0, 3, 0), (3, 3, 0), (6, 2, 12), (8, 4, 0), (13, 3, 7)),
    "liquid": ((0, 6, 0), (6, 4, 0), (10, 3, 7), (13, 3, 12)),
    "reese": ((0, 5, 0), (5, 3, 0), (8, 2, 12), (10, 6, -2)),
    "halftime": ((0, 7, 0), (11, 5, -2)),
    "jungle": ((0, 4, 0), (6, 2, 0), (8, 3, 12), (12, 4, 7)),
    "ambient": ((0, 16, 0),),
}
LAYERS = {  # what plays in a block: drums, bass, pads, lead, each with its level
    "i": (0.0, 0.0, 0.75, 0.35),
    "d": (0.9, 0.0, 0.55, 0.0),
    "a": (1.0, 1.0, 0.5, 0.4),
    "b": (1.0, 1.0, 0.6, 0.85),
    "p": (0.0, 0.45, 1.0, 0.6),
    "o": (0.45, 0.0, 0.8, 0.25),
}


def block_samples(song):
    return round(16 * 60 / song.bpm * song.rate)


def pad_stem(song):
    """The song's chords, one a bar, each note two voices slightly out of tune. The same in every block, so made once."""
    stem, dice = Stem(block_samples(song)), random.Random(f"{song.seed}/pads")
    bar = stem.count // 4
    for index, (root, intervals) in enumerate(song.chords):
        for position, interval in enumerate(intervals):
            note = root + 12 + interval
            while note > 76:
                note -= 12
            pan = (position / (len(intervals) - 1) - 0.5) * 0.9
            voices = (tone(SOFT, hertz(note) * d, bar + bar // 4, song.rate, dice.random()) for d in (1.0025, 0.9975))
            stem.add(index * bar, faded(mixed(*voices), bar // 5, bar // 3), 0.05, pan)
    return stem


class Block:
    """Four bars of a song."""

    def __init__(self, song, letter, kit, pad):
        self.song, self.kit, self.rate = song, kit, song.rate
        self.count = block_samples(song)
        self.dice = random.Random(f"{song.seed}/{letter}")
        drums, bass, pads, lead = LAYERS[letter]
        self.drums, self.music = Stem(self.count), Stem(self.count)
        if drums and song.style != "ambient":
            self.play_drums(drums, busy=letter == "b")
        if bass:
            self.play_bass(bass, busy=letter == "b")
        self.music.add(0, pad.left, pads, -1)
        self.music.add(0, pad.right, pads, 1)
        if lead:
            self.play_lead(lead, dense=letter == "b")

    def at(self, step):
        # A little swing: every other sixteenth is late by a twelfth of its length.
        return (step + (0.083 if step % 2 and self.song.style != "reese" else 0)) * self.count / STEPS

    def play_drums(self, level, busy):
        dice, kit = self.dice, self.kit
        patterns = BREAKS[self.song.style]
        for bar in range(4):
            pattern = patterns[1 if bar in (1, 3) or (busy and bar == 2) else 0]
            for step in pattern["K"]:
                self.drums.add(self.at(bar * 16 + step), kit.kick, level * (1.0 if step == 0 else 0.86))
            for step in pattern["S"]:
                self.drums.add(self.at(bar * 16 + step), kit.snare, level * dice.uniform(0.72, 0.8))
            for step in pattern["g"]:
                self.drums.add(
                    self.at(bar * 16 + step), kit.ghost, level * dice.uniform(0.22, 0.42), dice.uniform(-0.15, 0.15)
                )
            for step in range(0, 16, 1 if busy else 2):
                accent = 0.38 if step % 4 == 2 else dice.uniform(0.12, 0.24)
                sound = kit.open if step == 14 and bar % 2 else kit.closed
                self.drums.add(self.at(bar * 16 + step), sound, level * accent, 0.22)
            if busy:
                for step in range(0, 16, 4):
                    self.drums.add(self.at(bar * 16 + step), kit.ride, level * 0.2, -0.3)
        if busy:  # a roll into what follows
            for step in (60, 61, 62, 63):
                self.drums.add(self.at(step), kit.snare, level * (0.2 + 0.13 * (step - 60)))

    def play_bass(self, level, busy):
        reese = self.song.style in ("reese", "halftime", "roller") and level == 1
        cache = {}
        for bar in range(4):
            root = self.song.chords[bar][0] - 12
            while root < 26:  # below D1 small loudspeakers give nothing
                root += 12
            for step, length, interval in BASS[self.song.style]:
                key = (root + interval, length)
                if key not in cache:
                    cache[key] = self.bass_note(hertz(root + interval), int(length * self.count / STEPS), reese, busy)
                middle, left, right = cache[key]
                self.music.add(self.at(bar * 16 + step), middle, 0.5 * level)
                if reese:
                    self.music.add(self.at(bar * 16 + step), left, 0.24 * level, -1)
                    self.music.add(self.at(bar * 16 + step), right, 0.24 * level, 1)

    def bass_note(self, frequency, count, reese, busy):
        rate = self.rate
        middle = faded([math.tanh(1.4 * s) for s in tone(SUB, frequency, count, rate)], 180, 700)
        if not reese:
            return middle, None, None
        sides = []
        # A reese: two detuned voices that beat against each other, opened and closed by crossfading two brightnesses.
        for detune, phase in ((1.006, 0.1), (0.994, 0.6)):
            pitch = frequency * 2 * detune
            dark = mixed(tone(DARK, pitch, count, rate, phase), tone(DARK, frequency * 2, count, rate, phase / 3))
            bright = mixed(tone(BRIGHT, pitch, count, rate, phase), tone(BRIGHT, frequency * 2, count, rate, phase / 3))
            speed = 2 * math.pi * self.song.bpm / 60 * (1.5 if busy else 0.5) / rate
            sides.append(
                faded(
                    [
                        math.tanh(d + (0.5 - 0.5 * math.cos(i * speed)) * 0.7 * (b - d))
                        for i, (d, b) in enumerate(zip(dark, bright))
                    ],
                    250,
                    700,
                )
            )
        return middle, sides[0], sides[1]

    def play_lead(self, level, dense):
        dice, rate = self.dice, self.rate
        pool = (0, 3, 7, 10, 12, 15)
        motif = sorted(dice.sample(range(0, 32, 2), 9 if dense else 5))
        length = int(0.9 * rate)
        fall = decay(length, rate, 1.1)
        bells = {}
        for half in range(2):
            for step in motif:
                root = self.song.chords[(half * 32 + step) // 16][0] % 12 + 60
                note = root + dice.choice(pool)
                if note not in bells:
                    pitch = 2 * math.pi * hertz(note) / rate
                    bells[note] = faded(
                        [
                            math.sin(i * pitch + 1.7 * e * e * math.sin(i * pitch * 3.007)) * e
                            for i, e in enumerate(fall)
                        ],
                        60,
                        500,
                    )
                loudness = 0.13 * level * dice.uniform(0.6, 1)
                self.music.add(self.at(half * 32 + step), bells[note], loudness, dice.uniform(-0.5, 0.5))
