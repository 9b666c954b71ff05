#pragma once
#include <ebur128.h>

// The enumerators carry each other's bits and are called `mode`: two questions are asked of them, as numbers.

/// Momentary and short-term loudness, loudness range of a histogram (memory doesn't grow with the track), true peak.
static inline int dubplate_ebur128_modes(void) {
  return EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK | EBUR128_MODE_HISTOGRAM;
}
static inline int dubplate_ebur128_success(void) { return EBUR128_SUCCESS; }
