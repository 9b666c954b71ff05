/** Bytes that are not whole elementary frames of the codec they were announced as. */
export class FrameError extends Error {
  /** @param {string} message what was expected, and at which byte */
  constructor(message) {
    super(message);
    this.name = 'FrameError';
  }
}
