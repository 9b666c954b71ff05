import { showCover } from './cover.js';
import { byId } from './dom.js';
import { Groove } from './groove.js';

/** Angle of the needle on the page, in turns; `plate.css` puts it there too. */
const NEEDLE_TURNS = -38 / 360;
/** Below this a passage is drawn as if silent: a faint groove. */
const QUIETEST = 0.04;
/** A step of the position that is still the flow of time, on a screen that is slow to draw; beyond it is a seek. */
const LONGEST_FRAME_SECONDS = 0.6;

/**
 * The record. It is blank when a track begins, and is cut while it plays: each passage leaves a groove as bright as it
 * was loud, right under the needle. What was skipped stays blank.
 */
export class Plate {
  #disc = byId('plate-disc');
  #canvas = byId('plate-grooves');
  #label = byId('plate-label');
  #needle = byId('plate-needle');
  #context = this.#canvas.getContext('2d');
  #groove = new Groove(0, 200);
  /** Loudness per arc, 0 for what was not heard. */
  #levels = new Float32Array(1);
  #lastArc = -1;
  #key = '';
  #pixels = 0;
  #isStill = matchMedia('(prefers-reduced-motion: reduce)');

  constructor() {
    new ResizeObserver(() => this.#resize()).observe(this.#canvas);
  }

  /** @param {import('../net/api.js').Track | null} track @param {number} duration seconds */
  show(track, duration) {
    showCover(this.#label, track);
    const key = `${track?.id}/${duration}`;
    if (key === this.#key) return;
    this.#key = key;
    this.#layOut(duration);
  }

  /**
   * @param {number} position seconds
   * @param {number | null} level loudness 0…1 of what is heard now, null when nothing is
   */
  update(position, level) {
    const groove = this.#groove;
    const turns = this.#isStill.matches ? 0 : -groove.turnsAt(position);
    this.#disc.style.transform = `rotate(${(turns % 1).toFixed(5)}turn)`;
    this.#needle.style.setProperty('--radius-now', groove.radiusAt(position).toFixed(4));
    if (level === null) {
      this.#lastArc = -1;
      return;
    }
    const arc = groove.arcAt(position);
    // A slow frame may pass several arcs; a jump is a seek, whose way was not heard.
    const passed = arc - this.#lastArc;
    const isFlow = this.#lastArc >= 0 && passed >= 0 && passed * groove.arcSeconds < LONGEST_FRAME_SECONDS;
    const from = isFlow ? this.#lastArc + 1 : arc;
    for (let at = from; at <= arc; at += 1) {
      this.#levels[at] = Math.max(level, QUIETEST);
      this.#cut(at);
    }
    this.#lastArc = arc;
  }

  #layOut(duration) {
    this.#groove = new Groove(duration, this.#canvas.clientWidth / 2 || 200);
    this.#levels = new Float32Array(this.#groove.arcs);
    this.#lastArc = -1;
    this.#redraw();
  }

  #resize() {
    const pixels = Math.round(this.#canvas.clientWidth * Math.min(devicePixelRatio, 2));
    if (pixels === this.#pixels || pixels === 0) return;
    this.#pixels = pixels;
    this.#canvas.width = pixels;
    this.#canvas.height = pixels;
    const before = this.#groove;
    const levels = this.#levels;
    this.#groove = new Groove(before.duration, this.#canvas.clientWidth / 2);
    const { arcs, arcSeconds } = this.#groove;
    this.#levels = Float32Array.from({ length: arcs }, (_, at) => levels[before.arcAt((at + 0.5) * arcSeconds)] ?? 0);
    this.#redraw();
  }

  #redraw() {
    const context = this.#context;
    if (!context || this.#pixels === 0) return;
    const half = this.#pixels / 2;
    context.setTransform(1, 0, 0, 1, half, half);
    context.clearRect(-half, -half, this.#pixels, this.#pixels);
    // The blank lacquer: a lead-in, a run-out, and a breath of texture so that one sees it turn.
    context.lineWidth = Math.max(half / 400, 0.5);
    for (const [radius, alpha] of [[0.968, 0.16], [0.385, 0.2], [0.37, 0.12], [0.35, 0.12]]) {
      context.strokeStyle = `rgb(255 240 225 / ${alpha})`;
      context.beginPath();
      context.arc(0, 0, radius * half, 0, 2 * Math.PI);
      context.stroke();
    }
    for (let radius = 0.41; radius < 0.955; radius += 0.018) {
      const start = (radius * 97.3) % 6.28;
      context.strokeStyle = 'rgb(255 240 225 / 3.5%)';
      context.beginPath();
      context.arc(0, 0, radius * half, start, start + 4.4);
      context.stroke();
    }
    for (let at = 0; at < this.#levels.length; at += 1) if (this.#levels[at] > 0) this.#cut(at);
  }

  /** @param {number} at index of the arc */
  #cut(at) {
    const context = this.#context;
    if (!context || this.#pixels === 0) return;
    const groove = this.#groove;
    const half = this.#pixels / 2;
    const level = this.#levels[at];
    const start = (groove.turnsAt(at * groove.arcSeconds) + NEEDLE_TURNS) * 2 * Math.PI;
    const sweep = (2 * Math.PI * groove.arcSeconds) / groove.turnSeconds;
    const radius = groove.radiusAt(at * groove.arcSeconds) * half;
    const light = Math.min(0.1 + level * 0.75, 0.85);
    const [red, green, blue] = [236 + 10 * level, 205 - 30 * level, 178 - 60 * level].map(Math.round);
    context.strokeStyle = `rgb(${red} ${green} ${blue} / ${light.toFixed(3)})`;
    context.lineWidth = Math.max((0.45 + level * 0.75) * (half / 220), 0.6);
    context.beginPath();
    context.arc(0, 0, radius, start, start + sweep * 1.08);
    context.stroke();
  }
}
