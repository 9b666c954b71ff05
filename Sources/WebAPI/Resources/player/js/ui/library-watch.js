import { SCAN_POLL_MS } from '../limits.js';

/**
 * @typedef {object} LibraryState how it stands with the server's library: the protocol, section 2
 * @property {boolean} isScanning
 * @property {number} found files of the scan that runs, or of the last one
 * @property {number} added
 * @property {number} updated
 * @property {number} missing
 * @property {number} failed
 * @property {{code: string, message: string}} [problem]
 */

/**
 * Follows how it stands with the server's library: asks again and again while it's being looked through, and says when
 * the list has changed by that.
 */
export class LibraryWatch {
  #api;
  #onState;
  #onChange;
  #wait;
  #timer;
  /** Grows with each end: what is still on its way is of no use then. */
  #life = 0;
  /** @type {LibraryState | null} */
  #state = null;
  /** Whether a scan was seen from here: what came of one that nobody waited for isn't said. */
  #hasSeenScan = false;

  /**
   * @param {{
   *   api: {library: () => Promise<LibraryState>, lookAgain: () => Promise<LibraryState>},
   *   onState: (state: LibraryState) => void,
   *   onChange: () => void,
   *   wait?: (work: () => void, ms: number) => any,
   * }} options
   */
  constructor({ api, onState, onChange, wait = (work, ms) => setTimeout(work, ms) }) {
    this.#api = api;
    this.#onState = onState;
    this.#onChange = onChange;
    this.#wait = wait;
  }

  get state() {
    return this.#state;
  }

  get hasSeenScan() {
    return this.#hasSeenScan;
  }

  /** Asks how it stands. A question that fails is asked again as long as a scan is waited for, but not of a session's end. */
  async refresh() {
    try {
      await this.#ask(() => this.#api.library());
    } catch (error) {
      if (error.status !== 401 && this.#state?.isScanning) this.#askSoon();
    }
  }

  /** Has the library looked through. @throws {import('../net/api.js').ApiError} */
  async lookAgain() {
    await this.#ask(() => this.#api.lookAgain());
  }

  stop() {
    clearTimeout(this.#timer);
    this.#life += 1;
    this.#state = null;
    this.#hasSeenScan = false;
  }

  async #ask(question) {
    clearTimeout(this.#timer);
    const life = this.#life;
    const state = await question();
    if (life === this.#life) this.#take(state);
  }

  /** @param {LibraryState} state */
  #take(state) {
    const hasEnded = this.#state?.isScanning === true && !state.isScanning;
    this.#state = state;
    if (state.isScanning) {
      this.#hasSeenScan = true;
      this.#askSoon();
    }
    this.#onState(state);
    if (hasEnded && state.added + state.updated + state.missing > 0) this.#onChange();
  }

  #askSoon() {
    clearTimeout(this.#timer);
    this.#timer = this.#wait(() => this.refresh(), SCAN_POLL_MS);
  }
}

/** @param {number} count @param {string} word */
function counted(count, word) {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
}

/** @param {{message: string}} problem @returns {string} */
function sentence({ message }) {
  return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
}

/**
 * The line beside the library's title.
 *
 * @param {LibraryState} state
 * @param {boolean} hasSeenScan whether somebody waits for what came of one
 * @returns {string} empty when there is nothing to say
 */
export function stateLine(state, hasSeenScan) {
  if (state.isScanning) return `Looking through the music folder: ${counted(state.found, 'file')}`;
  if (state.problem) return sentence(state.problem);
  if (!hasSeenScan) return '';
  const news = [
    state.added > 0 && `${state.added.toLocaleString('en')} new`,
    state.updated > 0 && `${state.updated.toLocaleString('en')} changed`,
    state.missing > 0 && `${state.missing.toLocaleString('en')} gone`,
  ].filter(Boolean);
  const skipped = state.failed > 0 ? `; ${counted(state.failed, 'file')} could not be used` : '';
  return `${news.length > 0 ? news.join(', ') : 'Nothing new'}${skipped}`;
}

/**
 * Why there is no track.
 *
 * @param {LibraryState | null} state null while that isn't known
 * @returns {{title: string, text: string}}
 */
export function emptyLibrary(state) {
  if (state?.problem) {
    const text =
      'Perhaps a disk is not mounted. Whoever runs the server finds the folder’s name in its log; it is looked for again by itself.';
    return { title: 'The music folder is not there', text: `${sentence(state.problem)} ${text}` };
  }
  if (state?.isScanning) {
    return { title: 'Looking through the music folder', text: `${counted(state.found, 'file')} so far.` };
  }
  if (!state) return { title: 'There is no music here', text: 'The server is asked why.' };
  const skipped = state.failed > 0 ? ` ${counted(state.failed, 'file')} there could not be used; the server’s log says why.` : '';
  return { title: 'The crate is empty', text: `Put music into the library folder of the server, and look again.${skipped}` };
}
