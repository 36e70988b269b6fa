/**
 * Splits sound into pieces of at most `most` samples at quiet points, so that words stay whole. Each cut is the quietest
 * point of the last third of a piece. @param window samples over which loudness is compared.
 */
export function splitAtQuiet<T extends Float32Array | Int16Array>(
  samples: T,
  most: number,
  window: number,
): { start: number; samples: T }[] {
  const pieces: { start: number; samples: T }[] = [];
  let start = 0;
  while (samples.length - start > most) {
    const cut = quietestPoint(samples, start + Math.floor((most * 2) / 3), start + most, window);
    pieces.push({ start, samples: samples.subarray(start, cut) as T });
    start = cut;
  }
  pieces.push({ start, samples: samples.subarray(start) as T });
  return pieces;
}

/** The middle of the window with the least energy. */
function quietestPoint(samples: Float32Array | Int16Array, from: number, to: number, window: number): number {
  let least = Number.POSITIVE_INFINITY;
  let quietest = to;
  for (let at = from; at + window <= to; at += window) {
    let energy = 0;
    for (let i = at; i < at + window; i++) energy += samples[i]! ** 2;
    if (energy >= least) continue;
    least = energy;
    quietest = at + Math.floor(window / 2);
  }
  return quietest;
}
