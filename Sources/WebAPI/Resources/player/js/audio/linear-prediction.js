/**
 * Continues a signal behind its end by what its past predicts: linear prediction by Burg's method (J. P. Burg, 1975; see
 * K. Roth, I. Kauppinen, P. Esquef, V. Välimäki, "Frequency warped Burg's method for AR-modeling", 2003, for its use in
 * audio extrapolation). The predictor is stable by construction, so what follows can only die away.
 *
 * Used for the handful of samples that a filter wants to see behind the end of a recording: silence would make it ring.
 *
 * @param {Float32Array} past oldest first
 * @param {number} count samples wanted
 * @param {number} [order]
 * @returns {Float32Array}
 */
export function extrapolated(past, count, order = 32) {
  const result = new Float32Array(count);
  const n = past.length;
  const terms = Math.min(order, Math.floor(n / 3));
  if (terms < 1) return result;
  const forward = Float64Array.from(past);
  const backward = Float64Array.from(past);
  let weights = new Float64Array(terms + 1);
  weights[0] = 1;
  for (let k = 1; k <= terms; k += 1) {
    let numerator = 0;
    let denominator = 1e-20;
    for (let i = k; i < n; i += 1) {
      numerator += forward[i] * backward[i - 1];
      denominator += forward[i] ** 2 + backward[i - 1] ** 2;
    }
    const reflection = (-2 * numerator) / denominator;
    const next = weights.slice();
    for (let i = 1; i <= k; i += 1) next[i] = weights[i] + reflection * weights[k - i];
    weights = next;
    for (let i = n - 1; i >= k; i -= 1) {
      const f = forward[i];
      forward[i] = f + reflection * backward[i - 1];
      backward[i] = backward[i - 1] + reflection * f;
    }
  }
  const line = Float64Array.from([...past.subarray(n - terms), ...result]);
  for (let i = 0; i < count; i += 1) {
    let sum = 0;
    for (let k = 1; k <= terms; k += 1) sum -= weights[k] * line[terms + i - k];
    line[terms + i] = sum;
    result[i] = sum;
  }
  return result;
}
