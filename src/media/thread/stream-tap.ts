import { decodeG711, FRAME_SAMPLES, PCMU, SAMPLE_RATE } from '../../audio/index.ts';
import type { Report, StreamCommand } from '../protocol.ts';

/** One minute may wait to be heard; what comes beyond that is dropped. */
const MOST = 60 * SAMPLE_RATE;

interface Mark {
  mark: number;
  /** The count of samples behind which it stands. */
  at: number;
  how: 'heard' | 'dropped';
}

/** One stream on its thread: what somebody outside has queued for the far end. */
export class StreamTap {
  readonly stream: number;
  #session: number;
  #report: (report: Report) => void;
  #chunks: Uint8Array[] = [];
  /** Octets of the first chunk that have been played. */
  #offset = 0;
  // Samples that were ever queued, and that were played or dropped.
  #queued = 0;
  #played = 0;
  #marks: Mark[] = [];
  /** Something was dropped that the next mark stands behind. */
  #spilled = false;

  constructor(session: number, stream: number, report: (report: Report) => void) {
    this.#session = session;
    this.stream = stream;
    this.#report = report;
  }

  do(command: StreamCommand): void {
    if (command.do === 'stream_play') this.play(command.payload);
    else if (command.do === 'stream_clear') this.clear();
    else if (command.do === 'stream_mark') this.mark(command.mark);
  }

  play(payload: Uint8Array): void {
    const room = MOST - (this.#queued - this.#played);
    const chunk = payload.length > room ? payload.subarray(0, room) : payload;
    if (chunk.length < payload.length) this.#spilled = true;
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

  mark(mark: number): void {
    this.#marks.push({ mark, at: this.#queued, how: this.#spilled ? 'dropped' : 'heard' });
    this.#spilled = false;
    this.sent();
  }

  /** Fills `frame`, with silence behind what is queued. @returns whether there was anything. */
  pull(frame: Int16Array): boolean {
    let filled = 0;
    while (filled < FRAME_SAMPLES && this.#chunks.length > 0) filled += this.#copy(frame, filled);
    if (filled > 0) frame.fill(0, filled);
    this.#played += filled;
    return filled > 0;
  }

  /** To be called when the frame is on the wire: answers the marks that were reached. */
  sent(): void {
    while (this.#marks.length > 0 && this.#marks[0]!.at <= this.#played) {
      const { mark, how } = this.#marks.shift()!;
      this.#report({ told: 'stream_drained', session: this.#session, stream: this.stream, mark, how });
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
