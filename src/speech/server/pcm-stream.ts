import { type AudioClip, Resampler } from '../../audio/index.ts';

/** What servers of OpenAI's kind send: 16-bit samples, little-endian, so many a second. */
const SERVER_RATE = 24_000;
const LINE_RATE = 8_000;
/** Sound is passed on in pieces of at least 100 ms: each is a message to the media thread. */
const LEAST = LINE_RATE / 10;

/** Makes sound for the line of a stream of octets, however they are cut. */
export class PcmStream {
  #resampler = new Resampler(SERVER_RATE, LINE_RATE);
  #odd: Buffer = Buffer.alloc(0);
  #held: number[] = [];

  async *sounds(chunks: AsyncIterable<Buffer>): AsyncGenerator<AudioClip> {
    for await (const chunk of chunks) {
      this.#take(chunk);
      if (this.#held.length >= LEAST) yield this.#sound();
    }
    const out = new Int16Array(this.#resampler.room(0));
    this.#hold(out, this.#resampler.flush(out));
    if (this.#held.length > 0) yield this.#sound();
  }

  #take(chunk: Buffer): void {
    const octets = this.#odd.length > 0 ? Buffer.concat([this.#odd, chunk]) : chunk;
    const samples = new Int16Array(octets.length >> 1);
    for (let at = 0; at < samples.length; at++) samples[at] = octets.readInt16LE(at * 2);
    this.#odd = octets.subarray(samples.length * 2);
    const out = new Int16Array(this.#resampler.room(samples.length));
    this.#hold(out, this.#resampler.push(samples, out));
  }

  #hold(samples: Int16Array, count: number): void {
    for (let at = 0; at < count; at++) this.#held.push(samples[at]!);
  }

  #sound(): AudioClip {
    const samples = new Int16Array(new SharedArrayBuffer(this.#held.length * 2));
    samples.set(this.#held);
    this.#held = [];
    return { samples };
  }
}
