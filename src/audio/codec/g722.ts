import { FRAME_SAMPLES } from '../frame.ts';
import type { Codec } from './codec.ts';

// Tables of ITU-T G.722 §6: quantizers of 6 and 4 bits, decision levels, and the adaptation of the step.
const QUANTIZER_6 = [
  -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360,
  -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688,
  -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192,
  6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432,
  -136,
];
const QUANTIZER_4 = [
  0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
];
const DECISIONS = [
  35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219,
  1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/** Added to the logarithm of the step, by the four high bits of a code. */
const STEP_CHANGES = [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];
const LARGEST_LOG = 18_432;
/** The two high bits of an octet are the higher band's (RFC 3551 §4.5.2); these are its smallest step. */
const HIGHER_BAND_AT_REST = 0xc0;
/** 2048 × 2^(n/32). */
const ANTILOG = Array.from({ length: 32 }, (_, n) => Math.round(2048 * 2 ** (n / 32)));

const saturate = (value: number): number => Math.max(-32_768, Math.min(32_767, value));

/**
 * ITU-T G.722 at 64 kbit/s, lower band only. The codec splits sound into two bands of 4 kHz with 8,000 samples per second
 * each, and the lower one is exactly our 8 kHz sound: no filters or resampling are needed. What the far end sends above
 * 4 kHz is discarded.
 */
export class G722Codec implements Codec {
  /** The RTP clock runs at 8 kHz for historical reasons (RFC 3551 §4.5.2). */
  readonly ticks = 1;
  #decoder = new LowBand();
  #encoder = new LowBand();

  decode(packet: Uint8Array, offset: number, length: number, samples: Int16Array): number {
    const count = Math.min(length, samples.length);
    for (let i = 0; i < count; i++) samples[i] = this.#decoder.decode(packet[offset + i]! & 0x3f) * 2;
    return count;
  }

  encode(frame: Int16Array, packet: Uint8Array, offset: number): number {
    // Bands have 15 bits.
    for (let i = 0; i < FRAME_SAMPLES; i++)
      packet[offset + i] = HIGHER_BAND_AT_REST | this.#encoder.encode(frame[i]! >> 1);
    return FRAME_SAMPLES;
  }
}

/** ADPCM coder or decoder of the lower band (ITU-T G.722), 6 bits per sample. */
class LowBand {
  /** The prediction of the next sample. */
  #predicted = 0;
  /** The part of the prediction that the zeros contribute. */
  #fromZeros = 0;
  // The previous value and the one before it.
  #signal1 = 0;
  #signal2 = 0;
  #partial1 = 0;
  #partial2 = 0;
  #pole1 = 0;
  #pole2 = 0;
  /** The last six differences, newest first, and the weight of each. */
  #differences = new Int32Array(6);
  #zeros = new Int32Array(6);
  #logStep = 0;
  #step = 32;

  /** @param code 6 bits. @returns a sample of 15 bits. */
  decode(code: number): number {
    const sample = this.#predicted + ((this.#step * QUANTIZER_6[code]!) >> 15);
    this.#adapt(code);
    return Math.max(-16_384, Math.min(16_383, sample));
  }

  /** @param sample 15 bits. @returns 6 bits. */
  encode(sample: number): number {
    const error = saturate(sample - this.#predicted);
    const size = error < 0 ? ~error : error;
    let level = 0;
    while (level < DECISIONS.length && size >= (DECISIONS[level]! * this.#step) >> 12) level++;
    const code = codeOf(level, error < 0);
    this.#adapt(code);
    return code;
  }

  /** Adapts from the four high bits only: a far end may use the lower two for data. */
  #adapt(code: number): void {
    const short = code >> 2;
    const difference = (this.#step * QUANTIZER_4[short]!) >> 15;
    const log = ((this.#logStep * 127) >> 7) + STEP_CHANGES[short]!;
    this.#logStep = log < 0 ? 0 : Math.min(log, LARGEST_LOG);
    const shift = 8 - (this.#logStep >> 11);
    const antilog = ANTILOG[(this.#logStep >> 6) & 31]!;
    this.#step = (shift < 0 ? antilog << -shift : antilog >> shift) << 2;
    this.#predict(difference);
  }

  #predict(difference: number): void {
    const signal = saturate(this.#predicted + difference);
    const partial = saturate(this.#fromZeros + difference);
    this.#adaptPoles(partial);
    this.#partial2 = this.#partial1;
    this.#partial1 = partial;
    this.#signal2 = this.#signal1;
    this.#signal1 = signal;
    this.#fromZeros = this.#adaptZeros(difference);
    const first = (this.#pole1 * saturate(2 * this.#signal1)) >> 15;
    const second = (this.#pole2 * saturate(2 * this.#signal2)) >> 15;
    this.#predicted = saturate(saturate(first + second) + this.#fromZeros);
  }

  #adaptPoles(partial: number): void {
    const sameSign1 = partial >> 15 === this.#partial1 >> 15;
    const sameSign2 = partial >> 15 === this.#partial2 >> 15;
    const quadruple = saturate(4 * this.#pole1);
    const turned = sameSign1 ? Math.min(32_767, -quadruple) : quadruple;
    const second = (sameSign2 ? 128 : -128) + (turned >> 7) + ((this.#pole2 * 32_512) >> 15);
    this.#pole2 = Math.max(-12_288, Math.min(12_288, second));
    const most = 15_360 - this.#pole2;
    const first = (sameSign1 ? 192 : -192) + ((this.#pole1 * 32_640) >> 15);
    this.#pole1 = Math.max(-most, Math.min(most, first));
  }

  /** @returns the prediction of the zeros. */
  #adaptZeros(difference: number): number {
    const differences = this.#differences;
    const zeros = this.#zeros;
    const change = difference === 0 ? 0 : 128;
    const sign = difference >> 15;
    let sum = 0;
    // Weights keep their index; the differences move on by one.
    for (let i = 5; i >= 0; i--) {
      zeros[i] = saturate((differences[i]! >> 15 === sign ? change : -change) + ((zeros[i]! * 32_640) >> 15));
      differences[i] = i === 0 ? difference : differences[i - 1]!;
      sum += (zeros[i]! * saturate(2 * differences[i]!)) >> 15;
    }
    return saturate(sum);
  }
}

/** The code of a decision level (G.722 table 17). Codes count down with the level, apart for each sign. */
function codeOf(level: number, negative: boolean): number {
  if (negative) return level < 2 ? 63 - level : 33 - level;
  return 61 - level;
}
