import { FRAME_SAMPLES, SAMPLE_RATE } from './frame.ts';

/** The digits of the events 0–15, in order (RFC 4733 §3.2). */
export const DIGITS = '0123456789*#ABCD';

/** Frequencies of rows and columns of the keypad, in Hz (ITU-T Q.23). */
export const ROWS = [697, 770, 852, 941] as const;
export const COLUMNS = [1209, 1336, 1477, 1633] as const;
const KEYPAD = '123A456B789C*0#D';

/** The key at a row and a column, 0–3 each. */
export const keyAt = (row: number, column: number): string => KEYPAD[row * 4 + column]!;

/** The two frequencies of a digit in Hz, or null for any other text. */
export function frequenciesOf(digit: string): [row: number, column: number] | null {
  const place = digit.length === 1 ? KEYPAD.indexOf(digit) : -1;
  return place < 0 ? null : [ROWS[place >> 2]!, COLUMNS[place & 3]!];
}

/** A complete key press of the far end. */
export interface Digit {
  /** One of `0-9 * # A-D`. */
  digit: string;
  durationMs: number;
}

/** Amplitude of each of the two tones: −8 dBm0. A sine of 0 dBm0 peaks at 22,300 (ITU-T G.711). */
const AMPLITUDE = 22_300 * 10 ** (-8 / 20);
/** 2 ms at each end, so that the tone does not click. */
const RAMP = 16;

/** Generates the DTMF tone of a key press, frame by frame. */
export class DigitTone {
  #row = 0;
  #column = 0;
  #length = 0;
  #position = 0;

  /** Whether part of the tone is left. */
  get busy(): boolean {
    return this.#position < this.#length;
  }

  /** Starts a press with the next frame. A digit outside `0-9 * # A-D` is silence. */
  press(digit: string, durationMs: number): void {
    const [row, column] = frequenciesOf(digit) ?? [0, 0];
    this.#row = (2 * Math.PI * row) / SAMPLE_RATE;
    this.#column = (2 * Math.PI * column) / SAMPLE_RATE;
    this.#length = Math.round((durationMs * SAMPLE_RATE) / 1000);
    this.#position = 0;
  }

  /** Fills `out` with the next 20 ms, with silence after the end. @returns whether any of it is tone. */
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
