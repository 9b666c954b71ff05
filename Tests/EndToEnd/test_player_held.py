"""What the web player holds: a seek inside of it is heard at once, to the sample, and nothing is sent again."""

import numpy
import pytest

# A sound card of the stream's rate, so that no filter lies between; and what is decoded, in a list that begins anew at a press.
RECORD = """
const Context = AudioContext;
window.AudioContext = class extends Context {
  constructor(options) { super({ ...options, sampleRate: RATE }); }
};
"""
# The key's handler runs at once: what was decoded before it is in one list, what comes behind it in another.
PRESS = """(key) => {
  document.getElementById('progress').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  window.former = window.recorded;
  window.recorded = [];
  return __dubplate.state().position;
}"""
SWAP = "() => { [window.recorded, window.former] = [window.former, window.recorded]; }"


@pytest.mark.parametrize("quality, rate", [("lossless", 44_100), ("high", 44_100), ("opus-128", 48_000)])
def test_a_jump_is_heard_to_the_sample_and_nothing_is_sent_again(open_player, tracks, quality, rate):
    player = open_player()
    player.page.add_init_script(RECORD.replace("RATE", str(rate)))
    player.page.evaluate("(quality) => localStorage.setItem('dubplate.quality', JSON.stringify(quality))", quality)
    player.page.reload()
    player.ready()
    player.search("Long")
    player.record()
    player.row("Long").click()
    player.until("some was heard", lambda: player.position() > 6.5)
    place = player.page.evaluate(PRESS, "ArrowLeft")
    player.until("it sounds on", lambda: player.position() > place + 0.5 and player.is_audible())
    behind = player.recorded()
    player.page.evaluate(SWAP)
    before = player.recorded()
    length = 2 * rate
    ats = range(max(round(place * rate) - 20, 0), round(place * rate) + 20)
    error = min(numpy.abs(before[at : at + length] - behind[:length]).max() for at in ats)
    # A decoder of Opus that begins elsewhere is led in, and comes nearer and nearer to what it would have been; one sample off is 0.1.
    assert error < (2e-2 if quality == "opus-128" else 1e-6), error
    stats = player.stats()
    assert stats["epoch"] == 0 and stats["discontinuities"] == 0 and stats["decodeErrors"] == 0
