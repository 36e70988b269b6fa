/** Samples per second of all sound inside the house. */
export const SAMPLE_RATE = 8000;
/** The step in which sound moves through the house, in milliseconds. */
export const FRAME_MS = 20;
/** Samples of one frame. */
export const FRAME_SAMPLES = 160;

/** A value as a 16-bit sample: what is too loud is cut, never wrapped. */
export const saturate = (value: number): number =>
  value > 32767 ? 32767 : value < -32768 ? -32768 : Math.round(value);
