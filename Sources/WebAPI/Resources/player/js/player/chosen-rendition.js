/** What a tier is where the track's file doesn't make it something else (protocol, section 1.2), bit/s. */
const TIERS = {
  rescue: { rendition: 'opus-48', bitrate: 48_000 },
  low: { rendition: 'mp3-128', bitrate: 128_000 },
  medium: { rendition: 'aac-192', bitrate: 192_000 },
  high: { rendition: 'mp3-320', bitrate: 320_000 },
  lossless: { rendition: 'flac', bitrate: Infinity },
};

/** Codecs of which `auto` has one rendition: those say which it is. */
const ONE_RENDITION = new Set(['opus', 'aac', 'flac']);

/**
 * Whether sound is of the very rendition already that a choice of quality comes to, so that nothing has to be fetched anew.
 * Where that can't be known here it's no.
 *
 * @param {{quality: string, codec: string, bitrate: number, rendition?: string}} sound
 * @param {{quality: string, codec?: string}} chosen as the server says it; `codec` is what it will send next
 */
export function isAsChosen({ quality, codec, bitrate, rendition }, chosen) {
  // Chosen by the same word for the same track it's the same; `auto` changes what it sends by itself.
  if (quality === chosen.quality) return true;
  if (chosen.quality === 'auto') {
    return rendition !== 'original' && codec === chosen.codec && ONE_RENDITION.has(codec);
  }
  const tier = TIERS[chosen.quality];
  if (!tier) return false;
  // The file's own frames are sent where they take no more than the tier.
  return rendition === 'original' ? bitrate <= tier.bitrate : rendition === tier.rendition;
}
