// Tables of ITU-T G.722 §6: quantisers of 6 and 4 bits, decision levels, and how the step grows and shrinks.
// prettier-ignore
const QUANTISER_6 = [
  -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360,
  -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688,
  -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192,
  6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432,
  -136,
];
const QUANTISER_4 = [
  0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
];
const DECISIONS = [
  35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219,
  1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/** By the four high bits of a code: what it adds to the logarithm of the step. */
const STEP_CHANGES = [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];
const LARGEST_LOG = 18_432;
/** 2048 × 2^(n/32). */
const ANTILOG = Array.from({ length: 32 }, (_, n) => Math.round(2048 * 2 ** (n / 32)));

const saturate = (value: number): number => Math.max(-32_768, Math.min(32_767, value));

/** The lower band of ITU-T G.722, as coder or as decoder: adaptive differences of 6 bits each. */
export class LowBand {
  /** The prediction of the next sample. */
  #predicted = 0;
  /** The part of it that the zeros make. */
  #fromZeros = 0;
  // What was before, and before that.
  #signal1 = 0;
  #signal2 = 0;
  #partial1 = 0;
  #partial2 = 0;
  #pole1 = 0;
  #pole2 = 0;
  /** The last six differences, the newest first, and the weight of each. */
  #differences = new Int32Array(6);
  #zeros = new Int32Array(6);
  #logStep = 0;
  #step = 32;

  /** @param code 6 bits. @returns the sample, of 15 bits. */
  decode(code: number): number {
    const sample = this.#predicted + ((this.#step * QUANTISER_6[code]!) >> 15);
    this.#adapt(code);
    return Math.max(-16_384, Math.min(16_383, sample));
  }

  /** @param sample of 15 bits. @returns 6 bits. */
  encode(sample: number): number {
    const error = saturate(sample - this.#predicted);
    const size = error < 0 ? ~error : error;
    let level = 0;
    while (level < DECISIONS.length && size >= (DECISIONS[level]! * this.#step) >> 12) level++;
    const code = codeOf(level, error < 0);
    this.#adapt(code);
    return code;
  }

  /** Follows the far side, which sees only the four high bits where the lower two were given to data. */
  #adapt(code: number): void {
    const short = code >> 2;
    const difference = (this.#step * QUANTISER_4[short]!) >> 15;
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
    const like1 = partial >> 15 === this.#partial1 >> 15;
    const like2 = partial >> 15 === this.#partial2 >> 15;
    const quadruple = saturate(4 * this.#pole1);
    const turned = like1 ? Math.min(32_767, -quadruple) : quadruple;
    const second = (like2 ? 128 : -128) + (turned >> 7) + ((this.#pole2 * 32_512) >> 15);
    this.#pole2 = Math.max(-12_288, Math.min(12_288, second));
    const most = 15_360 - this.#pole2;
    const first = (like1 ? 192 : -192) + ((this.#pole1 * 32_640) >> 15);
    this.#pole1 = Math.max(-most, Math.min(most, first));
  }

  /** @returns what the zeros predict. */
  #adaptZeros(difference: number): number {
    const differences = this.#differences;
    const zeros = this.#zeros;
    const change = difference === 0 ? 0 : 128;
    const sign = difference >> 15;
    let sum = 0;
    // The weight of a difference stays at its place, and the differences move on by one.
    for (let i = 5; i >= 0; i--) {
      zeros[i] = saturate((differences[i]! >> 15 === sign ? change : -change) + ((zeros[i]! * 32_640) >> 15));
      differences[i] = i === 0 ? difference : differences[i - 1]!;
      sum += (zeros[i]! * saturate(2 * differences[i]!)) >> 15;
    }
    return saturate(sum);
  }
}

/** Table 17 of G.722: the code of a decision level. The smallest are 63 and 31 by sign, and all others count down. */
function codeOf(level: number, negative: boolean): number {
  if (negative) return level < 2 ? 63 - level : 33 - level;
  return 61 - level;
}
