/**
 * Measures the amplitude of one frequency: a full-scale sine at `frequency` gives 32767. Other frequencies give nearly 0,
 * the closer to 0 the more samples there are.
 * @param rate samples per second.
 */
export function toneLevel(samples: Int16Array, frequency: number, rate = 8000): number {
  if (samples.length === 0) return 0;
  return (2 * Math.sqrt(goertzel(samples, 0, samples.length, frequency / rate))) / samples.length;
}

/** Energy |X(f)|² of `count` samples at a frequency, given as a fraction of the sample rate. */
export function goertzel(samples: Int16Array, from: number, count: number, frequency: number): number {
  const coefficient = 2 * Math.cos(2 * Math.PI * frequency);
  let one = 0;
  let two = 0;
  for (let i = from; i < from + count; i++) {
    const next = samples[i]! + coefficient * one - two;
    two = one;
    one = next;
  }
  return one * one + two * two - coefficient * one * two;
}
