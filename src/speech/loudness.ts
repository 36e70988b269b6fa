/** Loudness of speech: −18 dBFS, which leaves headroom for peaks and is no louder than a person. */
const TARGET = 32768 * 10 ** (-18 / 20);
const PEAK = 32768 * 0.89;
/** 20 ms at 8 kHz. */
const FRAME = 160;

/**
 * Normalizes the loudness of synthetic speech, so that all sentences and voices sound alike. Also removes DC offset, silence
 * before the first sound and clicks at the edges, and adds a short pause after the last sound.
 */
export function normalizeLoudness(speech: Int16Array): Int16Array<SharedArrayBuffer> {
  const samples = withoutDc(speech);
  const levels = frameLevels(samples);
  const loudest = levels.reduce((most, level) => Math.max(most, level), 0);
  const audible = (level: number) => level > Math.max(30, loudest * 0.01);
  const first = levels.findIndex(audible);
  if (first < 0) return new Int16Array(new SharedArrayBuffer(0));
  const last = levels.findLastIndex(audible);
  const start = Math.max(0, first - 1) * FRAME;
  const end = Math.min(samples.length, (last + 2) * FRAME);
  const gain = gainFor(
    samples.subarray(start, end),
    levels.filter((level) => level > loudest * 0.05),
  );
  return faded(samples.subarray(start, end), gain);
}

function withoutDc(samples: Int16Array): Float32Array {
  let sum = 0;
  for (const sample of samples) sum += sample;
  const mean = samples.length > 0 ? sum / samples.length : 0;
  const centered = new Float32Array(samples);
  for (let i = 0; i < centered.length; i++) centered[i]! -= mean;
  return centered;
}

/** Root mean square of each frame. */
function frameLevels(samples: Float32Array): number[] {
  const levels: number[] = [];
  for (let from = 0; from < samples.length; from += FRAME) {
    let energy = 0;
    const end = Math.min(from + FRAME, samples.length);
    for (let i = from; i < end; i++) energy += samples[i]! * samples[i]!;
    levels.push(Math.sqrt(energy / FRAME));
  }
  return levels;
}

/** The gain that gives the frames with speech the target loudness without clipping a peak. */
function gainFor(samples: Float32Array, spoken: number[]): number {
  const power = spoken.reduce((sum, level) => sum + level * level, 0) / spoken.length;
  let peak = 1;
  for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i]!));
  return Math.min(TARGET / Math.sqrt(power), PEAK / peak);
}

/** Applies the gain with a fade of 5 ms at each edge. Appends 100 ms of silence to separate sentences. */
function faded(samples: Float32Array, gain: number): Int16Array<SharedArrayBuffer> {
  const out = new Int16Array(new SharedArrayBuffer((samples.length + 800) * 2));
  for (let i = 0; i < samples.length; i++) {
    const edge = Math.min(1, (i + 1) / 40, (samples.length - i) / 40);
    out[i] = Math.round(samples[i]! * gain * edge);
  }
  return out;
}
