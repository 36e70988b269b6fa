import { encodeG711, FRAME_SAMPLES, PCMU } from '../../audio/index.ts';
import { type Report, STREAMED } from '../protocol.ts';

/** What all streams of a thread tell in one beat, in one message: what costs is the message, not its length. */
export class StreamBatch {
  #report: (report: Report) => void;
  #streams: number[] = [];
  #sound = new Uint8Array(16 * STREAMED);

  constructor(report: (report: Report) => void) {
    this.#report = report;
  }

  add(session: number, stream: number, inbound: Int16Array, outbound: Int16Array): void {
    const at = (this.#streams.length / 2) * STREAMED;
    if (at === this.#sound.length) this.#grow();
    encodeG711(PCMU, inbound, FRAME_SAMPLES, this.#sound, at);
    encodeG711(PCMU, outbound, FRAME_SAMPLES, this.#sound, at + FRAME_SAMPLES);
    this.#streams.push(session, stream);
  }

  /** At the end of the beat. */
  tell(): void {
    if (this.#streams.length === 0) return;
    const sound = this.#sound.slice(0, (this.#streams.length / 2) * STREAMED);
    this.#report({ told: 'streamed', streams: Uint32Array.from(this.#streams), sound });
    this.#streams.length = 0;
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#sound.length);
    larger.set(this.#sound);
    this.#sound = larger;
  }
}
