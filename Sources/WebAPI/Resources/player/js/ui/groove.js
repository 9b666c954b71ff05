/** One turn of a record at 33⅓ a minute, seconds. */
const SECONDS_PER_TURN = 1.8;
/** Distance between two grooves below which they run into each other, CSS pixels. */
const NARROWEST_PITCH = 1.7;
/** Arcs that a turn is drawn with. */
const ARCS_PER_TURN = 96;
/** The cut band, of the plate's half width: from the rim to the run-out beside the label. */
export const OUTER_RADIUS = 0.955;
export const INNER_RADIUS = 0.4;

/**
 * The geometry of a track cut as a spiral, from the rim to the label. No drawing in here.
 *
 * The turntable keeps to 33⅓ while the grooves of that many turns fit; a longer track turns slower, so that they still
 * do.
 */
export class Groove {
  /**
   * @param {number} duration seconds
   * @param {number} halfWidth of the plate, CSS pixels
   */
  constructor(duration, halfWidth) {
    const bandPixels = (OUTER_RADIUS - INNER_RADIUS) * halfWidth;
    const mostTurns = Math.max(bandPixels / NARROWEST_PITCH, 1);
    /** Seconds of one turn. */
    this.turnSeconds = Math.max(SECONDS_PER_TURN, duration / mostTurns);
    this.duration = duration;
    /** Seconds of one arc. */
    this.arcSeconds = this.turnSeconds / ARCS_PER_TURN;
    this.arcs = Math.max(Math.ceil(duration / this.arcSeconds), 1);
  }

  /** @param {number} position seconds @returns {number} distance from the centre, 0…1 of the half width */
  radiusAt(position) {
    const done = this.duration > 0 ? Math.min(Math.max(position / this.duration, 0), 1) : 0;
    return OUTER_RADIUS - done * (OUTER_RADIUS - INNER_RADIUS);
  }

  /** @param {number} position seconds @returns {number} how far the plate has turned, in turns */
  turnsAt(position) {
    return position / this.turnSeconds;
  }

  /** @param {number} position seconds @returns {number} index of the arc that is cut there */
  arcAt(position) {
    return Math.min(Math.max(Math.floor(position / this.arcSeconds), 0), this.arcs - 1);
  }
}
