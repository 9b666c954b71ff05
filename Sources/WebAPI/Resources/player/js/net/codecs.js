/** What `js/codec` can cut into frames, and how a browser calls it: in WebCodecs, and as a file. */
const CANDIDATES = [
  { codec: 'mp3', config: 'mp3', type: 'audio/mpeg' },
  { codec: 'aac', config: 'mp4a.40.2', type: 'audio/aac' },
  { codec: 'flac', config: 'flac', type: 'audio/flac' },
];

/** @type {Promise<string[]> | null} */
let found = null;

/** @returns {Promise<string[]>} codecs of the protocol that this browser can decode, `mp3` always among them */
export function supportedCodecs() {
  found ??= Promise.all(CANDIDATES.map(isSupported)).then((answers) =>
    CANDIDATES.filter(({ codec }, at) => codec === 'mp3' || answers[at]).map(({ codec }) => codec),
  );
  return found;
}

async function isSupported({ config, type, codec }) {
  // FLAC's WebCodecs configuration needs a stream's header; a browser that plays its files decodes it either way.
  if (new Audio().canPlayType(type) !== '') return true;
  if (codec === 'flac' || typeof globalThis.AudioDecoder !== 'function') return false;
  try {
    const answer = await AudioDecoder.isConfigSupported({ codec: config, sampleRate: 44_100, numberOfChannels: 2 });
    return answer.supported === true;
  } catch {
    return false; // a configuration that the browser cannot even read is one that it cannot decode
  }
}
