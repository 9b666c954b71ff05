import { SLEW_SPAN } from '../audio/slew-reader.js';
import * as limits from './limits.js';

/** Anchors kept: the stream heard, the one behind it, and one that is being replaced. */
const MAX_ANCHORS = 4;

/**
 * What the group agreed on (`group_sync`, or `sync` of `stream_started`): source position `position` (seconds) of a
 * stream's epoch is to be heard at the server's time `at` (Unix ms).
 * @typedef {{streamId: string, epoch: number, position: number, at: number}} Anchor
 *
 * What a device is to do. `samples` to leave out (positive) or put in, inaudibly (see `SlewReader`); `resync`: go to
 * where it should be at once. `errorMs` is how far ahead of the group it is, all ordered corrections taken as made;
 * null while nothing can be said.
 * @typedef {{kind: 'none' | 'slew' | 'resync', samples: number, errorMs: number | null}} Decision
 */

/**
 * Keeps one device where its group is. Pure: it's told what sounds when, and answers what to do.
 *
 * The agreement is a line: position against the server's time. A device that starts, or falls in late, puts its samples
 * on that line to begin with (`PlayerState` does, by a schedule: to the sample, as well as clocks are known). From then
 * on its sound card drifts against the server's clock, and the estimate of that clock gets better; so ten times a second
 * the last sample rendered is compared with the line, at the moment when it will be *heard*: latency and the device's
 * output delay are in it, and so is every correction made so far, which keeps the loop free of dead time. The median of
 * some such errors is worked off in single samples, a third of it at a time, never by more than 977 ppm. Only beyond
 * 30 ms, said several times in a row, does the device jump.
 *
 * An error of the server clock's estimate can't be seen from here. It is the same slow quantity for all samples, so it
 * moves a device against the others by as much, without a sound.
 */
export class GroupTimeline {
  /** @type {Anchor[]} newest last */
  #anchors = [];
  /** @type {number[]} seconds */
  #errors = [];
  #beyond = 0;

  /** @param {Anchor} anchor takes the place of an older one of the same stream */
  setAnchor(anchor) {
    this.#anchors = this.#anchors.filter(({ streamId }) => streamId !== anchor.streamId);
    this.#anchors.push(anchor);
    if (this.#anchors.length > MAX_ANCHORS) this.#anchors.shift();
    this.restart();
  }

  clear() {
    this.#anchors = [];
    this.restart();
  }

  /** What was measured so far counts no more: another line, or another place on it. */
  restart() {
    this.#errors = [];
    this.#beyond = 0;
  }

  /** @param {string} streamId @returns {Anchor | null} */
  anchorOf(streamId) {
    return this.#anchors.find((anchor) => anchor.streamId === streamId) ?? null;
  }

  /**
   * A stream comes right behind another one: where nobody said when, that follows from where the other one ends.
   *
   * @param {{streamId: string, epoch: number, position: number, crossfade?: number}} stream
   * @param {{streamId: string, duration: number}} former
   */
  follow({ streamId, epoch, position, crossfade = 0 }, former) {
    const anchor = this.anchorOf(former.streamId);
    if (!anchor || this.anchorOf(streamId)) return;
    const at = anchor.at + (former.duration - anchor.position - crossfade) * 1000;
    this.#anchors.push({ streamId, epoch, position, at });
    if (this.#anchors.length > MAX_ANCHORS) this.#anchors.shift();
  }

  /**
   * @param {string} streamId
   * @param {number} serverMs
   * @returns {number | null} source position in seconds that is to be heard then; null where nothing was agreed
   */
  positionAt(streamId, serverMs) {
    const anchor = this.anchorOf(streamId);
    if (!anchor || !Number.isFinite(serverMs)) return null;
    return anchor.position + (serverMs - anchor.at) / 1000;
  }

  /**
   * @param {object} heard the last sample rendered (`Playout.renderHead`)
   * @param {string} heard.id its stream
   * @param {number} heard.position source position, seconds
   * @param {number} heard.serverMs the server's time at which it will be heard
   * @param {number} heard.owedSeconds corrections on their way: what will be left out, less what will be put in
   * @param {number} sampleRate Hz, of the output
   * @returns {Decision}
   */
  decide({ id, position, serverMs, owedSeconds }, sampleRate) {
    const wanted = this.positionAt(id, serverMs);
    if (wanted === null) return { kind: 'none', samples: 0, errorMs: null };
    const error = position + owedSeconds - wanted;
    const errorMs = error * 1000;
    this.#beyond = Math.abs(errorMs) > limits.HARD_RESYNC_MS ? this.#beyond + 1 : 0;
    if (this.#beyond >= limits.HARD_RESYNC_TICKS) {
      this.restart();
      return { kind: 'resync', samples: 0, errorMs };
    }
    this.#errors.push(error);
    if (this.#errors.length > limits.MEDIAN_TICKS) this.#errors.shift();
    if (this.#beyond > 0 || this.#errors.length < 3) return { kind: 'none', samples: 0, errorMs };

    const typical = median(this.#errors);
    if (Math.abs(typical) * 1000 < limits.DEAD_BAND_MS) return { kind: 'none', samples: 0, errorMs };
    const perTick = Math.floor((limits.SLEW_SHARE * limits.TICK_MS * sampleRate) / 1000 / SLEW_SPAN);
    const room = Math.max(perTick - Math.abs(owedSeconds) * sampleRate, 0);
    const wish = -typical * sampleRate * limits.SLEW_GAIN;
    const samples = Math.sign(wish) * Math.min(Math.max(Math.round(Math.abs(wish)), 1), Math.floor(room));
    if (samples === 0) return { kind: 'none', samples: 0, errorMs };
    // What was measured before is worth as much afterwards, less what is now on its way.
    this.#errors = this.#errors.map((before) => before + samples / sampleRate);
    return { kind: 'slew', samples, errorMs };
  }
}

/** @param {number[]} values @returns {number} */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
