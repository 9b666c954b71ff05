import { gainFactor } from '../audio/loudness.js';
import { preferences } from '../preferences.js';

/** Streams whose way is remembered: those that are heard or prepared, and some more. */
const MOST_STREAMS = 16;

/** @typedef {'auto' | import('../audio/loudness.js').LoudnessMode} Choice */

/**
 * How tracks are brought to one loudness on this device. With `auto` an album keeps the differences between its tracks
 * when it is heard as one, and a mix has none.
 *
 * A stream is begun by album or by track and stays so: nothing gets louder in the middle. One that follows another of its
 * album goes the same way, so that there is no step at their seam.
 */
export class LoudnessChoice {
  /** @type {Choice} */
  mode = preferences.get('loudness', 'auto');
  #receiver;
  #isInAlbum;
  /** @type {Map<string, import('../audio/loudness.js').LoudnessMode>} by stream, oldest first */
  #ways = new Map();

  /**
   * @param {import('./stream-receiver.js').StreamReceiver} receiver
   * @param {(stream: import('./stream-receiver.js').StreamInfo) => boolean} isInAlbum whether an album is heard, not a mix
   */
  constructor(receiver, isInAlbum) {
    this.#receiver = receiver;
    this.#isInAlbum = isInAlbum;
    receiver.gainFor = (stream) => gainFactor(this.mode === 'auto' ? this.#wayOf(stream) : this.mode, stream.loudness);
  }

  /** Changes what sounds now, too. @param {Choice} mode */
  set(mode) {
    this.mode = mode;
    this.#ways.clear();
    preferences.set('loudness', mode);
    this.#receiver.updateGains();
  }

  #wayOf(stream) {
    let way = this.#ways.get(stream.streamId);
    if (way) return way;
    const before = this.#receiver.streamOf?.(stream.follows);
    const isOneAlbum = before && sameAlbum(before.loudness?.album, stream.loudness?.album);
    way = (isOneAlbum && this.#ways.get(before.streamId)) || (this.#isInAlbum(stream) ? 'album' : 'track');
    this.#ways.set(stream.streamId, way);
    if (this.#ways.size > MOST_STREAMS) this.#ways.delete(this.#ways.keys().next().value);
    return way;
  }
}

/** Two tracks of one album are told the same of it. */
function sameAlbum(one, other) {
  return one?.integrated !== undefined && one.integrated === other?.integrated && one.truePeak === other.truePeak;
}
