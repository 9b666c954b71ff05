/** Every number that bounds the clock and the group, and why. */

/** Exchanges at a stroke to begin with, and the time between them: an estimate after half a second. */
export const BURST_EXCHANGES = 8;
export const BURST_INTERVAL_MS = 50;
/** More of them a little slower, where devices play together: jitter is halved with every doubling. */
export const SETTLE_EXCHANGES = 24;
export const SETTLE_INTERVAL_MS = 250;
/** After that: in a group, and alone, where the clock is only shown. */
export const GROUP_INTERVAL_MS = 1_000;
export const IDLE_INTERVAL_MS = 5_000;
/** Exchanges that an estimate is made of, at most, and how old they may be: clocks of ± 100 ppm drift in steps too. */
export const WINDOW_EXCHANGES = 120;
export const WINDOW_MS = 150_000;
/** A reply later than this says nothing: half of it would be the error. */
export const MAX_ROUND_TRIP_MS = 2_000;
/** Standard deviation of a crystal's error, 1: what is believed before anything was measured. */
export const DRIFT_PRIOR = 50e-6;
/** No clock drifts more than this (NTP's own bound, RFC 5905: 500 ppm on each side). */
export const MAX_DRIFT = 500e-6;
/** What an exchange may contradict the estimate by before that counts as a jump, and the exchanges it takes. */
export const JUMP_SLACK_MS = 3;
export const JUMP_CONFIRMATIONS = 3;
/** The latest exchanges that are compared with those before, to see a jump smaller than the round trip. */
export const RECENT_EXCHANGES = 16;
export const SMALL_JUMP_MS = 4;
/** What the drift of a minute or more may still be wrong by. */
export const DRIFT_UNCERTAINTY = 30e-6;

/** Time between two decisions of a device in a group. */
export const TICK_MS = 100;
/** Beyond this a device goes where it should be at once; from 30–50 ms on people hear an echo (Haas effect). */
export const HARD_RESYNC_MS = 30;
/** Decisions in a row that must say so, since a reading of the sound card may be out once. */
export const HARD_RESYNC_TICKS = 3;
/** An error less than this is left alone: a sound card's reading is not better than that. */
export const DEAD_BAND_MS = 0.1;
/** Errors that are looked at together (their median counts). */
export const MEDIAN_TICKS = 9;
/** Share of the time that corrections may take: at 977 ppm each, 26 ms are made up for in half a minute. */
export const SLEW_SHARE = 0.9;
/** Share of an error that is corrected per decision. */
export const SLEW_GAIN = 0.3;
