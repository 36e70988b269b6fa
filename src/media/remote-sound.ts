import { stat } from 'node:fs/promises';
import { FRAME_SAMPLES, WAV_HEADER } from '../audio/index.ts';
import { detach, Signal } from '../core/index.ts';
import { type AudioReport, EMPTY_REPORT } from './agreement.ts';
import { type Connection, proxyOf } from './remote-object.ts';
import {
  type AudioStream,
  type ServedStream,
  SOUND,
  type Sound,
  STREAM,
  TAP,
  type Tap,
  type TapEnd,
  type TapGap,
  type TapOptions,
  THREAD,
  type ThreadInterface,
} from './sound.ts';

/** The proxy of a tap. When its thread dies, the file has what was handed to the system before. */
class RemoteTap extends proxyOf<Tap>(TAP) implements Tap {
  #options: TapOptions;
  #isEnded = false;

  constructor(connection: Connection, id: number, [options]: [TapOptions]) {
    super(connection, id);
    this.#options = options;
  }

  override async stop(): Promise<TapEnd> {
    // The end of the file is the answer, even when the call fails because the tap has ended already.
    await super.stop().catch(() => {});
    return this.ended;
  }

  override event(name: string, value: unknown): void {
    if (name === 'gapped') Object.assign(this, { gaps: value as TapGap[] });
    if (name === 'ended') this.#isEnded = true;
    super.event(name, value);
  }

  override end(reason: string): void {
    super.end(reason);
    if (!this.#isEnded) detach('media.tap', this.#fail(reason));
  }

  async #fail(error: string): Promise<void> {
    this.#isEnded = true;
    const samples = await samplesIn(this.#options);
    super.event('ended', { cause: 'write_failed', error, samples, gaps: this.gaps ?? [] });
  }
}

/** The proxy of a live stream. */
export class RemoteStream extends proxyOf<ServedStream>(STREAM) implements AudioStream {
  readonly frames: AudioStream['frames'] = new Signal();
  #isOver = false;

  override play(payload: Uint8Array): void {
    if (payload.length > 0) super.play(payload);
  }

  override end(reason: string): void {
    this.#isOver = true;
    super.end(reason);
  }

  /** Takes the frames of one beat: inbound, then outbound. */
  take(audio: Uint8Array): void {
    if (this.#isOver) return;
    this.frames.emit({ track: 'inbound', payload: audio.subarray(0, FRAME_SAMPLES) });
    this.frames.emit({ track: 'outbound', payload: audio.subarray(FRAME_SAMPLES) });
  }
}

/** The proxy of a sound. */
export class RemoteSound extends proxyOf<Sound>(SOUND, { tap: RemoteTap, stream: RemoteStream }) {
  override async close(): Promise<AudioReport> {
    return (await super.close()) ?? EMPTY_REPORT;
  }

  override event(name: string, value: unknown): void {
    // The thread has ended RTP already; this settles what waits, and asks for the report.
    if (name === 'lost') detach('media.close', this.close());
    super.event(name, value);
  }
}

/** The proxy of a media thread. */
export class RemoteThread extends proxyOf<ThreadInterface>(THREAD, { open: RemoteSound }) {}

async function samplesIn({ path, channels }: TapOptions): Promise<number> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  return Math.max(0, Math.floor((size - WAV_HEADER) / (2 * channels)));
}
