import { type AudioClip, SAMPLE_RATE } from './frame.ts';

/** Four chords of four notes each, in Hz: C, A minor, F, G. */
const CHORDS = [
  [261.63, 329.63, 392.0, 523.25],
  [220.0, 261.63, 329.63, 440.0],
  [174.61, 220.0, 261.63, 349.23],
  [196.0, 246.94, 293.66, 392.0],
];
/** The order in which the notes of a chord are played: up and down. */
const ARPEGGIO = [0, 1, 2, 3, 2, 1, 2, 1];
const NOTE_SECONDS = 0.35;
const RING_SECONDS = 1.4;
const LOUDNESS = 9000;

let made: AudioClip | undefined;

/** Eleven seconds of soft plucked chords that loop without a break. */
export function holdMusic(): AudioClip {
  made ??= compose();
  return made;
}

function compose(): AudioClip {
  const notes = CHORDS.flatMap((chord) => ARPEGGIO.map((note) => chord[note]!));
  const length = Math.round(notes.length * NOTE_SECONDS * SAMPLE_RATE);
  const sum = new Float64Array(length);
  for (const [index, hz] of notes.entries()) {
    pluck(sum, hz, Math.round(index * NOTE_SECONDS * SAMPLE_RATE));
  }
  const samples = new Int16Array(new SharedArrayBuffer(length * 2));
  for (let i = 0; i < length; i++) samples[i] = Math.round(LOUDNESS * Math.tanh(sum[i]!));
  return { samples };
}

/** Adds a note. What rings beyond the end wraps to the start, so that the loop has no break. */
function pluck(sum: Float64Array, hz: number, start: number): void {
  const count = Math.round(RING_SECONDS * SAMPLE_RATE);
  for (let i = 0; i < count; i++) {
    const t = i / SAMPLE_RATE;
    const attack = Math.min(1, t / 0.008);
    const release = Math.min(1, (RING_SECONDS - t) / 0.1);
    const tone = Math.sin(2 * Math.PI * hz * t) + 0.3 * Math.sin(4 * Math.PI * hz * t);
    const at = (start + i) % sum.length;
    sum[at] = sum[at]! + 0.6 * attack * release * Math.exp(-2.5 * t) * tone;
  }
}
