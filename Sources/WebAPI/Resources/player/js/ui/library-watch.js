import { faultText, language, t } from '../i18n/language.js';
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

/** What a server's system says of a folder, which is what the message of the problem ends with. */
const REASONS = {
  'No such file or directory': 'reason.missing',
  'Permission denied': 'reason.forbidden',
  'Not a directory': 'reason.noFolder',
  'Input/output error': 'reason.damaged',
};

/** @param {{code: string, message: string}} problem @returns {string} */
function problemText({ code, message }) {
  if (code === 'library_empty') return t('problem.library_empty');
  if (code !== 'library_unavailable') return faultText({ code, message });
  const said = message.slice(message.indexOf(': ') + 2);
  const known = REASONS[said];
  return t('problem.library_unavailable', { reason: known ? t(known) : said });
}

/**
 * The line beside the library's title.
 *
 * @param {LibraryState} state
 * @param {boolean} hasSeenScan whether somebody waits for what came of one
 * @returns {string} empty when there is nothing to say
 */
export function stateLine(state, hasSeenScan) {
  if (state.isScanning) return t('scan.running', { count: state.found });
  if (state.problem) return problemText(state.problem);
  if (!hasSeenScan) return '';
  const news = [
    state.added > 0 && t('scan.added', { count: state.added }),
    state.updated > 0 && t('scan.updated', { count: state.updated }),
    state.missing > 0 && t('scan.missing', { count: state.missing }),
  ].filter((part) => part !== false);
  const skipped = state.failed > 0 ? `; ${t('scan.skipped', { count: state.failed })}` : '';
  return `${news.length > 0 ? language.wording.list(news) : t('scan.nothingNew')}${skipped}`;
}

/**
 * Why there is no track.
 *
 * @param {LibraryState | null} state null while that isn't known
 * @returns {{title: string, text: string}}
 */
export function emptyLibrary(state) {
  if (state?.problem) {
    return { title: t('empty.missing'), text: `${problemText(state.problem)} ${t('empty.missingText')}` };
  }
  if (state?.isScanning) {
    return { title: t('empty.scanning'), text: t('empty.scanningText', { count: state.found }) };
  }
  if (!state) return { title: t('empty.unknown'), text: t('empty.unknownText') };
  const skipped = state.failed > 0 ? ` ${t('empty.skipped', { count: state.failed })}` : '';
  return { title: t('empty.title'), text: `${t('empty.text')}${skipped}` };
}
