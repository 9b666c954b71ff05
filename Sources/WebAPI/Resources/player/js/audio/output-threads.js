import { Renderer } from './renderer.js';

const WORKLET_URL = new URL('./worklet.js', import.meta.url);
/** Samples that a page's own thread renders at a time: 85 ms at 48 kHz may pass without it, and a pause is that late. */
const PAGE_BLOCK = 4096;
/** Samples of a worklet's block, in which the page's thread renders too. */
const QUANTUM = 128;

/**
 * Where sound is rendered.
 *
 * @typedef {object} OutputThread
 * @property {AudioNode} node
 * @property {(message: any, transfer: Transferable[]) => void} post
 *
 * @typedef {{startThreshold: number, recoverThreshold: number}} Limits
 * @typedef {(report: import('./playout.js').Report) => void} Receiver
 */

/**
 * @param {AudioContext} context
 * @param {Limits} limits
 * @param {Receiver} receive
 * @param {number} attempt 1 for the first
 * @returns {Promise<OutputThread>} rejects when the browser can't load it
 */
export async function startOutputThread(context, limits, receive, attempt) {
  // A page over plain HTTP has no worklets.
  if (!context.audioWorklet) return onPage(context, limits, receive);
  // A browser remembers of an address that it failed; of another one it doesn't.
  await context.audioWorklet.addModule(attempt === 1 ? WORKLET_URL : `${WORKLET_URL}?${attempt}`);
  const node = new AudioWorkletNode(context, 'dubplate-output', {
    numberOfInputs: 0,
    outputChannelCount: [2],
    processorOptions: limits,
  });
  node.port.onmessage = ({ data }) => receive(data);
  return { node, post: (message, transfer) => node.port.postMessage(message, transfer) };
}

/**
 * The page's own thread, which has other things to do too. What is sent to it is rendered alike, sample for sample; the
 * moment at which a sample is heard is known less well.
 *
 * @param {AudioContext} context
 * @param {Limits} limits
 * @param {Receiver} receive
 * @returns {OutputThread}
 */
function onPage(context, limits, receive) {
  const renderer = new Renderer(limits, receive);
  const node = context.createScriptProcessor(PAGE_BLOCK, 0, 2);
  let next = 0;
  node.onaudioprocess = ({ outputBuffer, playbackTime }) => {
    const due = Math.round(playbackTime * context.sampleRate);
    // Blocks follow each other; a moment that is off by less than one is rounded, not a gap.
    const frame = Math.abs(due - next) < QUANTUM ? next : due;
    const outputs = [outputBuffer.getChannelData(0), outputBuffer.getChannelData(1)];
    for (const output of outputs) output.fill(0);
    for (let at = 0; at < PAGE_BLOCK; at += QUANTUM) {
      renderer.render(
        outputs.map((output) => output.subarray(at, at + QUANTUM)),
        frame + at,
      );
    }
    next = frame + PAGE_BLOCK;
  };
  return { node, post: (message) => renderer.receive(message) };
}
