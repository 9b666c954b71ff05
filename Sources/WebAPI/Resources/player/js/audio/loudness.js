/** @typedef {'track' | 'album' | 'off'} LoudnessMode */

/**
 * @typedef {object} Loudness
 * @property {number} [integrated] LUFS; absent for silence
 * @property {number} [truePeak] dBTP
 */

/** How loud everything becomes, LUFS: what most services agree on. */
export const TARGET_LUFS = -14;
/** No true peak goes above this: lossy decoders and converters need some room, dBTP. */
export const CEILING_DBTP = -1;
/** No sound is made louder than this: what is that quiet is meant to be, or is noise. */
export const MOST_GAIN_DB = 12;

/**
 * How much louder or quieter a track is played, so that one is as loud as the next, and none distorts that didn't.
 *
 * @param {object} wish
 * @param {LoudnessMode} wish.mode
 * @param {number} [wish.target] LUFS
 * @param {number} [wish.integrated] LUFS, of the track or its album; unknown: it stays as it is
 * @param {number} [wish.truePeak] dBTP; unknown: full scale
 * @returns {number} dB
 */
export function gainInDb({ mode, target = TARGET_LUFS, integrated, truePeak = 0 }) {
  if (mode === 'off' || typeof integrated !== 'number' || !Number.isFinite(integrated)) return 0;
  const wanted = Math.min(target - integrated, MOST_GAIN_DB);
  const room = Number.isFinite(truePeak) ? CEILING_DBTP - truePeak : CEILING_DBTP;
  return Math.min(wanted, room);
}

/**
 * The factor for the samples of a stream.
 *
 * @param {LoudnessMode} mode by album, what has none is taken by track
 * @param {{track?: Loudness, album?: Loudness}} [loudness] as `stream_started` says it; unknown: 1
 * @param {number} [target] LUFS
 * @returns {number}
 */
export function gainFactor(mode, loudness, target = TARGET_LUFS) {
  const isKnown = (/** @type {Loudness | undefined} */ one) => typeof one?.integrated === 'number';
  const chosen = mode === 'album' && isKnown(loudness?.album) ? loudness?.album : loudness?.track;
  return 10 ** (gainInDb({ mode, target, ...chosen }) / 20);
}
