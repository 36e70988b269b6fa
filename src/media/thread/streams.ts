import { addFrames, decodeG711, encodeG711, FRAME_SAMPLES, PCMU, SAMPLE_RATE } from '../../audio/index.ts';
import { type FromThread, STREAM_FRAME_BYTES } from '../protocol.ts';
import type { ServedStream } from '../sound.ts';

/** One minute may be queued for the far end. What exceeds it is dropped. */
const MAX_QUEUED = 60 * SAMPLE_RATE;

type How = 'heard' | 'dropped';

/** A place in the queue that a `drained` call waits for. */
interface Mark {
  /** The count of queued samples before it. */
  at: number;
  how: How;
  resolve: (how: How) => void;
}

/** One live stream: the queue of what it plays to the far end. */
class LiveStream implements ServedStream {
  /** The number that its frames go by. */
  number = 0;
  #chunks: Uint8Array[] = [];
  /** Octets of the first chunk that have been played. */
  #offset = 0;
  // Samples that were ever queued, and that were played or dropped.
  #queued = 0;
  #played = 0;
  #marks: Mark[] = [];
  /** Something was dropped before the next mark. */
  #hasDropped = false;
  #closed: (stream: LiveStream) => void;

  constructor(closed: (stream: LiveStream) => void) {
    this.#closed = closed;
  }

  /** Tells the stream its number on the main thread. */
  served(number: number): void {
    this.number = number;
  }

  play(payload: Uint8Array): void {
    const free = MAX_QUEUED - (this.#queued - this.#played);
    const chunk = payload.length > free ? payload.subarray(0, free) : payload;
    if (chunk.length < payload.length) this.#hasDropped = true;
    if (chunk.length > 0) this.#chunks.push(chunk);
    this.#queued += chunk.length;
  }

  clear(): void {
    for (const mark of this.#marks) mark.how = 'dropped';
    this.#chunks = [];
    this.#offset = 0;
    this.#played = this.#queued;
    this.sent();
  }

  drained(): Promise<How> {
    const { promise, resolve } = Promise.withResolvers<How>();
    this.#marks.push({ at: this.#queued, how: this.#hasDropped ? 'dropped' : 'heard', resolve });
    this.#hasDropped = false;
    this.sent();
    return promise;
  }

  close(): void {
    for (const { resolve } of this.#marks.splice(0)) resolve('dropped');
    this.#closed(this);
  }

  /** Fills `frame`, with silence after the end of the queue. @returns whether there was anything. */
  pull(frame: Int16Array): boolean {
    let filled = 0;
    while (filled < FRAME_SAMPLES && this.#chunks.length > 0) filled += this.#copy(frame, filled);
    if (filled > 0) frame.fill(0, filled);
    this.#played += filled;
    return filled > 0;
  }

  /** Resolves the marks that were reached. Call this when the frame is on the wire. */
  sent(): void {
    while (this.#marks.length > 0 && this.#marks[0]!.at <= this.#played) {
      const { how, resolve } = this.#marks.shift()!;
      resolve(how);
    }
  }

  #copy(frame: Int16Array, filled: number): number {
    const chunk = this.#chunks[0]!;
    const count = Math.min(FRAME_SAMPLES - filled, chunk.length - this.#offset);
    decodeG711(PCMU, chunk, this.#offset, count, frame, filled);
    this.#offset += count;
    if (this.#offset === chunk.length) {
      this.#chunks.shift();
      this.#offset = 0;
    }
    return count;
  }
}

/** The live streams of one session. */
export class Streams {
  #streams: LiveStream[] = [];
  #frame = new Int16Array(FRAME_SAMPLES);

  get any(): boolean {
    return this.#streams.length > 0;
  }

  open(): ServedStream {
    const stream = new LiveStream((closed) => {
      this.#streams = this.#streams.filter((other) => other !== closed);
    });
    this.#streams.push(stream);
    return stream;
  }

  /** Adds what they play to `frame`, or writes it there when `frame` is silent. @returns whether there was any. */
  pull(frame: Int16Array, hasAudio: boolean): boolean {
    let any = false;
    for (const stream of this.#streams) {
      if (!stream.pull(this.#frame)) continue;
      if (any || hasAudio) addFrames(frame, this.#frame, frame);
      else frame.set(this.#frame);
      any = true;
    }
    return any;
  }

  /** Adds the frames of one beat to the batch, for each stream. */
  write(batch: StreamBatch, inbound: Int16Array, outbound: Int16Array): void {
    for (const { number } of this.#streams) batch.add(number, inbound, outbound);
  }

  /** Call this when the frame is on the wire. */
  sent(): void {
    for (const stream of this.#streams) stream.sent();
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
  }
}

/** The frames of all streams of a thread in one beat, as one message: a message costs more than its length. */
export class StreamBatch {
  #report: (message: FromThread) => void;
  #streams: number[] = [];
  #audio = new Uint8Array(16 * STREAM_FRAME_BYTES);

  constructor(report: (message: FromThread) => void) {
    this.#report = report;
  }

  add(stream: number, inbound: Int16Array, outbound: Int16Array): void {
    const at = this.#streams.length * STREAM_FRAME_BYTES;
    if (at === this.#audio.length) this.#grow();
    encodeG711(PCMU, inbound, FRAME_SAMPLES, this.#audio, at);
    encodeG711(PCMU, outbound, FRAME_SAMPLES, this.#audio, at + FRAME_SAMPLES);
    this.#streams.push(stream);
  }

  /** Sends the batch. Call this at the end of the beat. */
  send(): void {
    if (this.#streams.length === 0) return;
    const audio = this.#audio.slice(0, this.#streams.length * STREAM_FRAME_BYTES);
    this.#report({ type: 'frames', streams: Float64Array.from(this.#streams), audio });
    this.#streams.length = 0;
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#audio.length);
    larger.set(this.#audio);
    this.#audio = larger;
  }
}
