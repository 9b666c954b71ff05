/** Every number that bounds the player, and why. */

/**
 * How far ahead the server is asked to keep us: the most that it does, which rides out most tunnels. In FLAC that is
 * 15 MB.
 */
export const BUFFER_SECONDS = 120;
/** On a link that is paid for by what it carries, and on a device that says that it has little memory. */
export const SMALL_BUFFER_SECONDS = 30;
/** What saves data: long enough to hear nothing of a reconnect, and little is wasted of a track that is skipped. */
export const SAVING_BUFFER_SECONDS = 10;
/** A device's gigabytes of memory (`navigator.deviceMemory`) up to which it has little. */
export const LITTLE_MEMORY_GB = 1;
/**
 * More sound than this waiting, or more bytes, means that the server does not pace. A stream that takes a lost one's
 * place fills a buffer of its own before the server hears that there is one; 240 s of noise are 80 MB.
 */
export const MAX_HELD_SECONDS = 300;
export const MAX_HELD_BYTES = 96 * 1024 * 1024;
/** What was heard is kept for so long, seconds: some presses of "back". */
export const KEPT_SECONDS = 40;
/**
 * So far ahead of the ear is decoded, seconds: what a page may do something else for without being heard. 5 s of 48 kHz
 * stereo are 2 MB. What is not decoded can be exchanged for another quality.
 */
export const DECODED_SECONDS = 5;
/** Two tracks are mixed for so long at most, seconds: the protocol's bound. */
export const MOST_CROSSFADE_SECONDS = 12;
/** Of what is held when a stream is lost, so much is kept, seconds: what comes then is as much again. */
export const HELD_THROUGH_A_LOSS_SECONDS = 120;
/** This near to a track's end the server may be in the next one already, seconds. */
export const NEAR_END_SECONDS = 3;
/**
 * Sound starts when this much is there: more than the first chunk, which would be heard alone over a slow link. On a fast
 * one the others are there within milliseconds.
 */
export const START_SECONDS = 0.3;
/** Sound that ran dry goes on when this much is there, so that it does not stutter. */
export const RECOVER_SECONDS = 0.4;
/** The context sleeps after this long a pause, to let the device's sound hardware rest. */
export const SUSPEND_AFTER_MS = 10_000;

/** Tracks per request of the library. */
export const PAGE_SIZE = 100;
/** Pages of the library kept in memory: 6,000 tracks around where one scrolls. */
export const MAX_PAGES = 60;
/** Time between two questions how far the server is with looking through its library. */
export const SCAN_POLL_MS = 1_000;
/** Typing in the search field is over after this. */
export const SEARCH_DEBOUNCE_MS = 200;
/** A request or an ack that takes longer than this has failed. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** How often a log-in is renewed while the page is open; its token lives for 15 minutes. */
export const RENEW_LOGIN_MS = 5 * 60_000;
/** Time between two attempts to open the player while the server cannot be reached: at first, and at most. */
export const REOPEN_MS = 1_000;
export const MOST_REOPEN_MS = 30_000;
/** A log-in takes its time: the server's password hash is slow on purpose, and logs in a few people at once. */
export const LOGIN_TIMEOUT_MS = 30_000;

/** Time between two measurements of the round trip. */
export const CLOCK_SYNC_MS = 5_000;
/** Several presses of a seek key become one seek. */
export const SEEK_DEBOUNCE_MS = 160;
/** At most one `volume_change` in this time. */
export const VOLUME_THROTTLE_MS = 250;
/** Silence on a live connection for this long: ask for the stream anew. */
export const STALL_MS = 5_000;
/** Who lost a group with the connection joins it again within this; later it would be a surprise. */
export const REJOIN_WITHIN_MS = 60_000;
/** Attempts to get a stream back before we say that it is lost. */
export const MAX_RECOVERIES = 4;
/** "Previous" within the first seconds goes to the track before, later to this one's start. */
export const RESTART_AFTER_SECONDS = 3;
/** Distance from the end that a seek keeps, so that something is heard of it. */
export const SEEK_MARGIN_SECONDS = 0.25;
/** Less than this left of a track is nothing left. */
export const NOTHING_LEFT_SECONDS = 0.05;
/** A stream that begins this near to where it was asked for goes on there; the rest is rounding to a sample. */
export const SAME_PLACE_SECONDS = 0.05;
/** Seconds of a seek by arrow key, and of one with Shift. */
export const SEEK_STEP_SECONDS = 5;
export const SEEK_LEAP_SECONDS = 30;
/** Volume of an arrow key, of 1. */
export const VOLUME_STEP = 0.05;
/** A message for people stays this long. */
export const TOAST_MS = 6_000;
/** A message with a way back stays longer: one has to read it, and to think. */
export const UNDO_MS = 10_000;
/** Messages at a time; the oldest goes first. */
export const MAX_TOASTS = 3;

/** Items of one request for a part of the queue. */
export const QUEUE_WINDOW = 200;
/** Tracks that a queue may have; the server's bound. */
export const MAX_QUEUE = 10_000;
/** Items of one request for all of a queue: the server's bound. */
export const QUEUE_PAGE = 500;
/** A queue of more items isn't kept for a way back: it would hold up the sound that was clicked. */
export const MAX_KEPT_QUEUE = 2_000;
/** Items that are known to have been queued by hand; each takes some ten bytes of the device's storage. */
export const MAX_BY_HAND = 2_000;
/** A queue's length is summed up to so many tracks, and reckoned from those that are known beyond. */
export const MAX_SUMMED_QUEUE = 500;
/** Tracks that may be selected at a time: what one command adds in a moment. */
export const MAX_SELECTED = 500;
/** Tracks of one request while a queue is filled from the library: the server's bound. */
export const FILL_PAGE = 500;
/** Tracks per request by their ids, the server's bound; and how long such requests wait for each other. */
export const TRACK_BATCH = 100;
export const TRACK_BATCH_MS = 16;
/** How long a request that failed rests, ms: at first, and at most (it doubles). */
export const TRACK_RETRY_MS = 3_000;
export const TRACK_MOST_RETRY_MS = 60_000;
/** Tracks kept in memory for queue and remote: some 2 MB. */
export const MAX_KNOWN_TRACKS = 4_000;
/** A device's sound may be heard this much later than it's rendered, ms: the server's bound. */
export const MAX_OUTPUT_DELAY_MS = 2_000;
/** Longest crossfade, seconds: the server's bound. */
export const MAX_CROSSFADE_SECONDS = 12;
/** How long a button asks whether what can't be undone is meant, ms. */
export const SECOND_PRESS_MS = 5_000;

/** Time between two reports of the network while playing. */
export const NETWORK_STATS_MS = 5_000;
/** One more is due soon when the network has changed by this share of what was said last; so long after it showed. */
export const NETWORK_NEWS_SHARE = 0.6;
export const NETWORK_NEWS_MS = 300;
/** But no sooner after the one before. */
export const NETWORK_NEWS_APART_MS = 1_000;
/** What is beyond this is enough for anything, bit/s: changes there are no news. */
export const NETWORK_PLENTY = 4_000_000;
/** Chunks further apart than this didn't come in one burst. */
export const METER_GAP_MS = 120;
/** So many bytes are a sample: in fewer, timers say more than the network. */
export const METER_LEAST_BYTES = 16_384;
/** Or what was on its way for so long, ms: then the network says more than timers. */
export const METER_LEAST_BUSY_MS = 500;
/** Nothing is on its way for longer, ms: a clock was wrong. */
export const METER_MOST_MS = 60_000;
/** The least weight of a new sample. */
export const METER_LEAST_SHARE = 0.5;
/** What is beyond this changes nothing for music, bit/s, and a fall from there would be seen late. */
export const METER_MOST = 20_000_000;
/** The page's files tell of the network if they come to so many bytes. */
export const METER_LEAST_FILES_BYTES = 65_536;
/** After a person has scrolled the lyrics they stay where they are for so long. */
export const LYRICS_REST_MS = 5_000;
/** A sound card that stopped and doesn't go on by itself within this was taken away. */
export const INTERRUPTION_MS = 500;
/** A sound card that was asked to begin without a click, and hasn't after this, waits for one. */
export const AUTOPLAY_PATIENCE_MS = 1_500;
/** One that was asked by a click, and hasn't after this, won't. */
export const SOUND_CARD_PATIENCE_MS = 10_000;
