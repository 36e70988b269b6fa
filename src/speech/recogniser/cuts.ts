/**
 * Cuts sound into pieces of at most so many samples, each at the quietest place of the last third of its piece,
 * so that words stay whole.
 */
export function cutAtQuiet<T extends Float32Array | Int16Array>(
  samples: T,
  most: number,
  window: number,
): { start: number; samples: T }[] {
  const found: { start: number; samples: T }[] = [];
  let start = 0;
  while (samples.length - start > most) {
    const cut = quietest(samples, start + Math.floor((most * 2) / 3), start + most, window);
    found.push({ start, samples: samples.subarray(start, cut) as T });
    start = cut;
  }
  found.push({ start, samples: samples.subarray(start) as T });
  return found;
}

/** The middle of the window with the least energy. */
function quietest(samples: Float32Array | Int16Array, from: number, to: number, window: number): number {
  let least = Number.POSITIVE_INFINITY;
  let place = to;
  for (let at = from; at + window <= to; at += window) {
    let energy = 0;
    for (let i = at; i < at + window; i++) energy += samples[i]! ** 2;
    if (energy >= least) continue;
    least = energy;
    place = at + Math.floor(window / 2);
  }
  return place;
}
