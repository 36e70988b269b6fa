import { frequenciesOf } from './digits.ts';
import { FRAME_SAMPLES, SAMPLE_RATE } from './frame.ts';

/** Each of the two tones: −8 dBm0, where a sine of 0 dBm0 has its peak at 22,300 (ITU-T G.711). */
const AMPLITUDE = 22_300 * 10 ** (-8 / 20);
/** 2 ms at either end, so that the key does not click. */
const RAMP = 16;

/** The sound of a key press, a frame at a time. */
export class DigitTone {
  #row = 0;
  #column = 0;
  #length = 0;
  #position = 0;

  /** Whether there is sound left. */
  get busy(): boolean {
    return this.#position < this.#length;
  }

  /** Begins a press with the next frame; what is none of `0-9 * # A-D` is silence. */
  press(digit: string, durationMs: number): void {
    const [row, column] = frequenciesOf(digit) ?? [0, 0];
    this.#row = (2 * Math.PI * row) / SAMPLE_RATE;
    this.#column = (2 * Math.PI * column) / SAMPLE_RATE;
    this.#length = Math.round((durationMs * SAMPLE_RATE) / 1000);
    this.#position = 0;
  }

  /** Fills `out` with the next 20 ms, with silence behind the end. @returns whether any of it is tone. */
  next(out: Int16Array): boolean {
    const sounding = this.busy;
    for (let i = 0; i < FRAME_SAMPLES; i++, this.#position++) {
      const at = this.#position;
      const edge = Math.max(0, Math.min(at + 1, this.#length - at, RAMP));
      const wave = Math.sin(this.#row * at) + Math.sin(this.#column * at);
      out[i] = Math.round((AMPLITUDE * wave * edge) / RAMP);
    }
    return sounding;
  }
}
