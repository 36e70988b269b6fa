/** Samples per second of all sound inside the program. */
export const SAMPLE_RATE = 8000;
/** Length of a frame, the unit in which sound is processed, in milliseconds. */
export const FRAME_MS = 20;
/** Samples per frame. */
export const FRAME_SAMPLES = 160;

/** Rounds a value to a 16-bit sample. Values out of range are clipped, never wrapped. */
export const saturate = (value: number): number =>
  value > 32767 ? 32767 : value < -32768 ? -32768 : Math.round(value);

/** A sound that can be played: 8 kHz mono samples in memory that the media threads share. */
export interface AudioClip {
  samples: Int16Array<SharedArrayBuffer>;
}
