/** CRC-8 of a FLAC frame header, polynomial x⁸+x²+x+1 (RFC 9639, section 9.1.8). */
const TABLE_8 = new Uint8Array(256);
/** CRC-16 of a FLAC frame, polynomial x¹⁶+x¹⁵+x²+1 (RFC 9639, section 9.3). */
const TABLE_16 = new Uint16Array(256);

for (let i = 0; i < 256; i += 1) {
  let c8 = i;
  let c16 = i << 8;
  for (let bit = 0; bit < 8; bit += 1) {
    c8 = c8 & 0x80 ? (c8 << 1) ^ 0x07 : c8 << 1;
    c16 = c16 & 0x8000 ? (c16 << 1) ^ 0x8005 : c16 << 1;
  }
  TABLE_8[i] = c8;
  TABLE_16[i] = c16;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} end exclusive
 * @returns {number} 0…255
 */
export function crc8(bytes, start, end) {
  let crc = 0;
  for (let i = start; i < end; i += 1) crc = TABLE_8[crc ^ bytes[i]];
  return crc;
}

/**
 * Carries a CRC-16 on over more bytes.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} end exclusive
 * @param {number} crc what went before; 0 at a frame's start
 * @returns {number} 0…65535
 */
export function crc16(bytes, start, end, crc = 0) {
  for (let i = start; i < end; i += 1) crc = ((crc << 8) & 0xffff) ^ TABLE_16[(crc >> 8) ^ bytes[i]];
  return crc;
}
