import { LYRICS_REST_MS } from '../limits.js';
import { lineAt, parseLyrics } from '../player/lyrics.js';
import { byId, element } from './dom.js';

/** The words of what plays. Timed ones follow the sound, and a click on a line goes there. */
export class LyricsPanel {
  #transport;
  #fetch;
  #holder = byId('lyrics');
  #panel = byId('panel-lyrics');
  /** @type {string | null} track whose words these are */
  #trackId = null;
  /** @type {import('../player/lyrics.js').Lyrics | null} */
  #lyrics = null;
  /** Whether they could not be had. */
  #isMissing = false;
  #line = -1;
  #touchedAt = -Infinity;
  #isStill = matchMedia('(prefers-reduced-motion: reduce)');

  /**
   * @param {import('../player/transport.js').Transport} transport
   * @param {(trackId: string) => Promise<import('../net/api.js').Track>} fetchTrack with all that is known of it
   */
  constructor(transport, fetchTrack) {
    this.#transport = transport;
    this.#fetch = fetchTrack;
    for (const kind of ['wheel', 'touchmove', 'keydown']) {
      this.#panel.addEventListener(kind, () => (this.#touchedAt = performance.now()), { passive: true });
    }
    this.#holder.addEventListener('click', (event) => {
      const line = event.target.closest('[data-at]');
      if (!line) return;
      this.#touchedAt = -Infinity;
      transport.seek(Number(line.dataset.at));
    });
    transport.on('change', () => this.#update());
  }

  /** The panel is shown: what could not be fetched is asked for again. */
  show() {
    if (this.#isMissing) this.#trackId = null;
    this.#update();
  }

  /** Fetches and draws the words, if the panel is to be seen. */
  async #update() {
    const id = this.#transport.track?.id ?? null;
    if (this.#panel.hidden || id === this.#trackId) return;
    this.#trackId = id;
    this.#lyrics = null;
    this.#isMissing = false;
    this.#line = -1;
    if (!id) {
      this.#say('lyrics.nothing');
      return;
    }
    this.#holder.replaceChildren();
    try {
      const { lyrics } = await this.#fetch(id);
      if (id === this.#trackId) this.#draw(typeof lyrics === 'string' ? parseLyrics(lyrics) : null);
    } catch {
      if (id !== this.#trackId) return;
      this.#isMissing = true;
      this.#say('lyrics.failed');
    }
  }

  /** Called each frame. */
  tick() {
    if (this.#panel.hidden || !this.#lyrics?.isTimed) return;
    const line = lineAt(this.#lyrics.lines, this.#transport.position);
    if (line === this.#line) return;
    this.#holder.children[this.#line]?.removeAttribute('aria-current');
    this.#line = line;
    const node = /** @type {HTMLElement | undefined} */ (this.#holder.children[line]);
    node?.setAttribute('aria-current', 'true');
    if (!node || performance.now() - this.#touchedAt < LYRICS_REST_MS) return;
    const top = node.offsetTop - this.#panel.clientHeight * 0.4;
    this.#panel.scrollTo({ top, behavior: this.#isStill.matches ? 'auto' : 'smooth' });
  }

  /** @param {import('../player/lyrics.js').Lyrics | null} lyrics */
  #draw(lyrics) {
    if (!lyrics || lyrics.lines.length === 0) {
      this.#say('lyrics.none');
      return;
    }
    this.#lyrics = lyrics;
    this.#panel.scrollTop = 0;
    this.#holder.classList.toggle('lyrics--timed', lyrics.isTimed);
    this.#holder.replaceChildren(
      ...lyrics.lines.map(({ at, text }) =>
        at === null
          ? element('p', { class: 'lyrics__line' }, text || '\u00a0')
          : element('button', { class: 'lyrics__line', type: 'button', 'data-at': String(at) }, text || '♪'),
      ),
    );
  }

  /** @param {string} key of a message */
  #say(key) {
    this.#holder.classList.remove('lyrics--timed');
    this.#holder.replaceChildren(element('p', { class: 'lyrics__blank', 'data-text': key }));
  }
}
