/** Modified Bessel function of the first kind, order 0, by its series. @param {number} x */
function bessel0(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 40; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * Coefficients that give a signal's value between its samples: a sinc under a Kaiser window (J. F. Kaiser, "Nonrecursive
 * digital filter design using the I0-sinh window function", 1974; J. O. Smith, "Digital Audio Resampling Home Page").
 *
 * Row `p` has the `2 * half` weights of the samples from `half − 1` before the place to `half` behind it, for a place
 * `p / phases` behind a sample. There is a row `phases` too (the next sample itself), so that one may interpolate
 * between rows. Rows are scaled to the sum 1: a constant stays what it is.
 *
 * @param {object} shape
 * @param {number} shape.half samples on either side
 * @param {number} shape.phases rows between two samples
 * @param {number} shape.cutoff of the source's Nyquist frequency, 0…1
 * @param {number} shape.beta the window's: 8 has side lobes of −80 dB, 10 of −100
 * @returns {Float32Array[]}
 */
export function sincTable({ half, phases, cutoff, beta }) {
  const norm = bessel0(beta);
  return Array.from({ length: phases + 1 }, (_, phase) => {
    const row = new Float64Array(2 * half);
    let sum = 0;
    for (let tap = 0; tap < row.length; tap += 1) {
      const x = tap - (half - 1) - phase / phases;
      const inside = 1 - (x / half) ** 2;
      if (inside < 0) continue;
      const angle = Math.PI * x * cutoff;
      const sinc = Math.abs(x) < 1e-12 ? cutoff : (Math.sin(angle) / angle) * cutoff;
      row[tap] = (sinc * bessel0(beta * Math.sqrt(inside))) / norm;
      sum += row[tap];
    }
    return Float32Array.from(row, (weight) => weight / sum);
  });
}
