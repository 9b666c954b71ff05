import { HELD_THROUGH_A_LOSS_SECONDS, MAX_RECOVERIES, NOTHING_LEFT_SECONDS, STALL_MS } from '../limits.js';
import { isGone } from './requests.js';
import { Watchdog } from './watchdog.js';

/**
 * What recovery has to know of the sound that it mends, and may do to it.
 *
 * @typedef {object} Patient
 * @property {() => boolean} wantsSound
 * @property {() => boolean} isHeard whether there is sound in fact
 * @property {() => import('./playback.js').Status} status
 * @property {() => number} position seconds, as shown
 * @property {() => number | null} seekTarget
 * @property {() => import('./stream-receiver.js').StreamInfo | null} heard
 * @property {() => import('./stream-receiver.js').StreamInfo | null} newest the stream that is received: of the next
 *   item already, when that one follows without a gap
 * @property {() => {trackId?: string, itemId: string | null, duration: number}} track
 * @property {() => boolean} isAwaited whether a click's stream is still to come
 * @property {() => boolean} isAsking whether the server has not even said that it will
 * @property {() => number} attempt
 * @property {(pendingSeek: number | null) => number} newAttempt voids older commands; its number
 * @property {(attempt: number) => boolean} isCurrent
 * @property {() => void} buffers sound is wanted, and will come
 * @property {() => void} changed
 * @property {(error: {code: string, message: string}) => void} fail
 * @property {(error: {code: string, message: string}) => void} report
 */

/**
 * Gets a stream back that was lost with its connection, or never came. What is buffered plays on; the new stream
 * continues, sample for sample, where the chunks so far end.
 */
export class Recovery {
  /** How often a stream was asked for anew. */
  count = 0;
  #inRow = 0;
  /** The stream whose place the server is to hear when it is what is heard. @type {string | null} */
  #untold = null;
  /** What was asked for. @type {{trackId: string, continues: boolean} | null} */
  #asked = null;
  #receiver;
  #requests;
  #choice;
  #connection;
  #patient;
  #watchdog = new Watchdog(STALL_MS, () => this.#stalled());

  /**
   * @param {object} parts
   * @param {import('./stream-receiver.js').StreamReceiver} parts.receiver
   * @param {import('./requests.js').Requests} parts.requests
   * @param {import('./quality-choice.js').QualityChoice} parts.choice
   * @param {{state: string}} parts.connection
   * @param {Patient} parts.patient
   */
  constructor({ receiver, requests, choice, connection, patient }) {
    this.#receiver = receiver;
    this.#requests = requests;
    this.#choice = choice;
    this.#connection = connection;
    this.#patient = patient;
    receiver.on('heard', ({ stream }) => this.#heard(stream));
  }

  /** Sound is expected from now on. */
  watch() {
    this.#watchdog.watch();
  }

  /** Nothing is expected. */
  rest() {
    this.#watchdog.rest();
  }

  /** There is sound. */
  succeeded() {
    this.#watchdog.rest();
    this.#inRow = 0;
  }

  /**
   * A stream has come.
   *
   * @param {{trackId: string, streamId: string}} stream
   * @returns {boolean} whether it is the one that was asked for here
   */
  takes({ trackId, streamId }) {
    const asked = this.#asked;
    if (!this.#receiver.isAwaiting || asked?.trackId !== trackId) return false;
    this.#asked = null;
    this.#untold = null;
    if (!asked.continues) return true;
    // With the track before still to be heard there is no place in this one yet.
    const { heard, newest } = this.#patient;
    if (heard() === newest()) this.#tellWhereItIs(streamId);
    else this.#untold = streamId;
    return true;
  }

  /** It counts from the first sample of its track that is heard, be that still of the stream that it replaced. */
  #heard({ itemId }) {
    const untold = this.#untold;
    if (!untold || itemId !== this.#patient.newest()?.itemId) return;
    this.#untold = null;
    this.#tellWhereItIs(untold);
  }

  /**
   * The server counts from where the new stream begins, but that is heard only when what is buffered is over: it is told
   * what is heard now, the way it's told of a pause.
   */
  async #tellWhereItIs(streamId) {
    const patient = this.#patient;
    await this.#requests.tell('pause_track', { position: patient.position(), streamId });
    if (patient.wantsSound()) await this.#requests.tell('resume_track', {});
  }

  /**
   * Asks for the rest of the track from the end of what is buffered, so that its first sample follows the last one.
   *
   * @param {boolean} [isLost] whether that is since the stream was lost
   */
  continue(isLost = true) {
    const target = this.#patient.seekTarget();
    // Behind what is held comes as much again, each time a stream is lost.
    if (isLost && target === null) this.#receiver.cutAhead(HELD_THROUGH_A_LOSS_SECONDS);
    const position = target ?? this.#receiver.endPosition;
    const attempt = this.#patient.newAttempt(position);
    const duration = this.#patient.newest()?.duration ?? this.#patient.track().duration;
    if (target === null && duration - position < NOTHING_LEFT_SECONDS) {
      this.#receiver.finish();
      return;
    }
    if (isLost) this.count += 1;
    this.request(attempt, position, target === null && !this.#requests.joinsOthers);
  }

  /**
   * @param {number} attempt
   * @param {number} position seconds
   * @param {boolean} continues whether the stream goes on where the chunks so far end
   */
  async request(attempt, position, continues) {
    const patient = this.#patient;
    const stream = continues ? patient.newest() : patient.heard();
    const what = stream ?? patient.track();
    if (!what.trackId) return;
    this.#asked = { trackId: what.trackId, continues };
    this.#receiver.expect(what.trackId, continues);
    try {
      await this.#choice.within((quality) => this.#requests.play(what, position, quality));
      if (!patient.isCurrent(attempt) || patient.status() !== 'paused') return;
      this.#requests.tell('pause_track', { position: patient.position() });
    } catch (error) {
      if (!patient.isCurrent(attempt)) return;
      // Taken out of the queue meanwhile: what is buffered is heard, then the queue goes on.
      if (error.code === 'unknown_item') this.#receiver.finish();
      else if (!isGone(error)) patient.fail(error);
      // What is gone comes back with the connection, or the watchdog sees to it.
    }
  }

  /** Nothing to hear for a while although it should be. */
  #stalled() {
    const patient = this.#patient;
    if (!patient.wantsSound() || patient.isHeard()) return;
    this.#watchdog.watch();
    // To ask twice doesn't make it faster, and might skip twice.
    if (patient.isAsking()) return;
    // Without a connection there is nobody to ask; the session goes on from there when it is back.
    if (this.#connection.state !== 'online' || this.#receiver.hasAllChunks) return;
    this.#inRow += 1;
    if (this.#inRow <= MAX_RECOVERIES) this.continue();
    else patient.fail({ code: 'stalled' });
  }
}
