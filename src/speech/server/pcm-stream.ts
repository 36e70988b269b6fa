import { type AudioClip, Resampler } from '../../audio/index.ts';

/** Sample rate of OpenAI-compatible servers. They send 16-bit samples, little-endian, one channel. */
const SERVER_RATE = 24_000;
const CALL_RATE = 8_000;
/** Samples per clip, at least: 100 ms. Each clip is a message to the media thread. */
const LEAST = CALL_RATE / 10;

/** Converts a stream of octets of 24 kHz samples to 8 kHz clips; samples may be split between chunks. */
export class PcmStream {
  #resampler = new Resampler(SERVER_RATE, CALL_RATE);
  #rest: Buffer = Buffer.alloc(0);
  #pending: number[] = [];

  async *clips(chunks: AsyncIterable<Buffer>): AsyncGenerator<AudioClip> {
    for await (const chunk of chunks) {
      this.#take(chunk);
      if (this.#pending.length >= LEAST) yield this.#clip();
    }
    const out = new Int16Array(this.#resampler.maxOutput(0));
    this.#append(out, this.#resampler.flush(out));
    if (this.#pending.length > 0) yield this.#clip();
  }

  #take(chunk: Buffer): void {
    const octets = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const samples = new Int16Array(octets.length >> 1);
    for (let at = 0; at < samples.length; at++) samples[at] = octets.readInt16LE(at * 2);
    this.#rest = octets.subarray(samples.length * 2);
    const out = new Int16Array(this.#resampler.maxOutput(samples.length));
    this.#append(out, this.#resampler.push(samples, out));
  }

  #append(samples: Int16Array, count: number): void {
    for (let at = 0; at < count; at++) this.#pending.push(samples[at]!);
  }

  #clip(): AudioClip {
    const samples = new Int16Array(new SharedArrayBuffer(this.#pending.length * 2));
    samples.set(this.#pending);
    this.#pending = [];
    return { samples };
  }
}

/** A queue of chunks with one reader, which waits for the next chunk. */
export class ChunkQueue implements AsyncIterable<Buffer> {
  /** Octets that were added and not read yet. */
  bytes = 0;
  #waiting: Buffer[] = [];
  #over = false;
  #error: unknown;
  #wake = Promise.withResolvers<void>();

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#waiting.push(chunk);
    this.#wake.resolve();
  }

  /** Ends the queue. The reader gets the chunks that were added, then the error, if there is one. */
  end(error?: unknown): void {
    this.#over = true;
    this.#error = error;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      for (let chunk = this.#waiting.shift(); chunk; chunk = this.#waiting.shift()) {
        this.bytes -= chunk.length;
        yield chunk;
      }
      if (this.#over) break;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    if (this.#error !== undefined) throw this.#error;
  }
}
