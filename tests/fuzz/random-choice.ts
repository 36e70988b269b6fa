import type { Random } from '../../src/core/index.ts';

/** Random choices of the generators; the same seed gives the same inputs. */
export class RandomChoice {
  #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A whole number from 0 to `below` − 1. */
  int(below: number): number {
    return Math.floor(this.#random.float() * below);
  }

  /** True with a probability of 1 in `times`. */
  once(times: number): boolean {
    return this.int(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }

  /** Up to `most` results of `make`. */
  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.int(most + 1) }, make);
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = this.int(256);
    return bytes;
  }
}
