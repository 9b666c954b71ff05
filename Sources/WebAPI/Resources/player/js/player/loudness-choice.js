import { gainFactor } from '../audio/loudness.js';
import { preferences } from '../preferences.js';

/** How tracks are brought to one loudness on this device. */
export class LoudnessChoice {
  /** @type {import('../audio/loudness.js').LoudnessMode} */
  mode = preferences.get('loudness', 'track');
  #receiver;

  /** @param {import('./stream-receiver.js').StreamReceiver} receiver */
  constructor(receiver) {
    this.#receiver = receiver;
    receiver.gainFor = (stream) => gainFactor(this.mode, stream.loudness);
  }

  /** Changes what sounds now, too. @param {import('../audio/loudness.js').LoudnessMode} mode */
  set(mode) {
    this.mode = mode;
    preferences.set('loudness', mode);
    this.#receiver.updateGains();
  }
}
