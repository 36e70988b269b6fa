/**
 * How loud one frequency is: the amplitude of a sine in units of a sample, so a full-scale sine at `frequency`
 * gives 32767. Off its frequency it is nearly 0, the nearer the more samples there are.
 * @param rate samples per second.
 */
export function toneLevel(samples: Int16Array, frequency: number, rate = 8000): number {
  if (samples.length === 0) return 0;
  return (2 * Math.sqrt(goertzel(samples, 0, samples.length, frequency / rate))) / samples.length;
}

/** Energy of `count` samples at a frequency, which is given as a part of the sample rate: |X(f)|². */
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
