import { faultText } from '../i18n/language.js';
import { AUTOPLAY_PATIENCE_MS, SOUND_CARD_PATIENCE_MS } from '../limits.js';

/**
 * Notices that the browser keeps the sound card silent though sound is wanted: it never began (no sound without a click),
 * or it was stopped (a phone call, another app). Alone, the session waits for a press of "play"; in a group this device
 * leaves it, since the others play on.
 */
export class SoundGuard {
  #playback;
  #session;

  /** @param {import('./playback.js').Playback} playback @param {import('./session.js').Session} session */
  constructor(playback, session) {
    this.#playback = playback;
    this.#session = session;
    playback.receiver.output.on('interrupted', () => this.#silenced());
  }

  /**
   * A stream's sound is about to begin. Where somebody has clicked in this page, the browser lets it, and what is waited
   * for is the sound card: some take seconds to begin, those without a wire above all.
   *
   * @param {string} streamId
   */
  expect(streamId) {
    const isBlocked = globalThis.navigator?.userActivation?.hasBeenActive === false;
    setTimeout(
      () => {
        const { context } = this.#playback.receiver.output;
        if (!context || context.state === 'running' || this.#playback.stream?.streamId !== streamId) return;
        this.#silenced();
      },
      isBlocked ? AUTOPLAY_PATIENCE_MS : SOUND_CARD_PATIENCE_MS,
    );
  }

  #silenced() {
    const playback = this.#playback;
    const session = this.#session;
    if (!playback.isActive) return;
    if (session.isInGroup) {
      playback.stop(false);
      session.setGrouped(session.deviceId, false).catch((error) => this.#say(error));
      this.#say({ code: 'left_group' });
    } else {
      playback.pause();
      this.#say({ code: 'needs_click' }, 'note');
    }
  }

  /** @param {{code: string, message?: string}} fault @param {'note'} [kind] */
  #say(fault, kind) {
    this.#playback.emit('error', { code: fault.code, message: faultText(fault), ...(kind ? { kind } : {}) });
  }
}
