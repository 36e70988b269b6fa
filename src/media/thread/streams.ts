import { addFrames, FRAME_SAMPLES } from '../../audio/index.ts';
import type { Report, StreamCommand } from '../protocol.ts';
import type { StreamBatch } from './stream-batch.ts';
import { StreamTap } from './stream-tap.ts';

/** The streams of one session. */
export class Streams {
  #session: number;
  #report: (report: Report) => void;
  #taps: StreamTap[] = [];
  #frame = new Int16Array(FRAME_SAMPLES);

  constructor(session: number, report: (report: Report) => void) {
    this.#session = session;
    this.#report = report;
  }

  get any(): boolean {
    return this.#taps.length > 0;
  }

  do(command: StreamCommand): void {
    if (command.do === 'stream') this.#taps.push(new StreamTap(this.#session, command.stream, this.#report));
    else if (command.do === 'end_stream')
      this.#taps = this.#taps.filter(({ stream }) => stream !== command.stream);
    else this.#taps.find(({ stream }) => stream === command.stream)?.do(command);
  }

  /** Adds what they bring to `frame`, or puts it there when it holds nothing. @returns whether there was any. */
  pull(frame: Int16Array, holdsSound: boolean): boolean {
    let any = false;
    for (const tap of this.#taps) {
      if (!tap.pull(this.#frame)) continue;
      if (any || holdsSound) addFrames(frame, this.#frame, frame);
      else frame.set(this.#frame);
      any = true;
    }
    return any;
  }

  /** Tells of one beat. */
  tell(batch: StreamBatch, inbound: Int16Array, outbound: Int16Array): void {
    for (const { stream } of this.#taps) batch.add(this.#session, stream, inbound, outbound);
  }

  sent(): void {
    for (const tap of this.#taps) tap.sent();
  }
}
