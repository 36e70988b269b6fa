import { FRAME_MS } from '../audio/index.ts';
import { type Clock, explain, guarded, type Log, reportDefect, withTimeout } from '../core/index.ts';
import type { Link, StartThread } from './link.ts';
import { type FromThread, STREAM_FRAME_BYTES, THREAD_ID, type ToThread } from './protocol.ts';
import type { Connection, RemoteObject } from './remote-object.ts';
import { type RemoteSound, RemoteStream, RemoteThread } from './remote-sound.ts';
import type { MixerUse, Sound } from './sound.ts';

/** Pause before a thread that died before it was ready is started again, so that it does not use all CPU. */
const RESTART_MS = 1_000;
/** A thread that has not closed its sounds after this time is ended all the same. */
const CLOSE_TIMEOUT_MS = 10_000;

/** What a handle needs of the engine. */
export interface ThreadDeps {
  host: string;
  clock: Clock;
  log: Log;
  quietSeconds?: number;
  /** Called when a mixer gets its first input on the thread, or loses its last. */
  mixerUsed: (thread: RemoteThread, use: MixerUse) => void;
  /** Called when the thread has ended. */
  ended: (thread: RemoteThread) => void;
}

/** A media thread as the engine sees it. When it dies, its sounds are lost and another thread replaces it. */
export class ThreadHandle implements Connection {
  readonly objects = new Map<number, RemoteObject>();
  /** The sounds that are open. */
  readonly sounds = new Set<Sound>();
  readonly ready: Promise<void>;
  #start: StartThread;
  #deps: ThreadDeps;
  #link!: Link;
  #thread!: RemoteThread;
  #lastNumber = THREAD_ID;
  #isReady = false;
  #closing = false;
  #opening = 0;
  /** The counters of the threads that this one has replaced. */
  #past: number[] = [];
  #setReady!: () => void;

  constructor(start: StartThread, deps: ThreadDeps) {
    this.#start = start;
    this.#deps = deps;
    this.ready = new Promise((resolve) => {
      this.#setReady = resolve;
    });
    this.#begin();
  }

  /** A counter of the thread, with those of the threads before it. */
  counter(place: number): number {
    return (this.#past[place] ?? 0) + this.#link.counters[place]!;
  }

  /** The number of sounds that are open or being opened. */
  get soundCount(): number {
    return this.sounds.size + this.#opening;
  }

  number(): number {
    return ++this.#lastNumber;
  }

  post(message: ToThread, mayWait: boolean): void {
    this.#link.post(message, mayWait);
  }

  /**
   * Opens a sound on this port and the next. Rejects with the system's code when they cannot be bound.
   * @param closed called when the sound has ended and its ports are free.
   */
  async open(host: string, port: number, closed: () => void): Promise<Sound> {
    const quietBeats = Math.round(((this.#deps.quietSeconds ?? 0) * 1000) / FRAME_MS);
    this.#opening++;
    try {
      const sound = (await this.#thread.open({ host, port, quietBeats })) as RemoteSound;
      if (!this.objects.has(sound.id)) throw new Error('the media thread has ended');
      this.sounds.add(sound);
      sound.onEnd = () => {
        this.sounds.delete(sound);
        closed();
      };
      return sound;
    } finally {
      this.#opening--;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    const closed = Promise.all([...this.sounds].map((sound) => sound.close()));
    const { clock, log } = this.#deps;
    await withTimeout(clock, CLOSE_TIMEOUT_MS, closed, 'the media thread does not close its sounds').catch(
      (error) => log.warn({ error: explain(error) }, 'media thread terminated'),
    );
    await this.#link.end();
    this.#lose('the media thread was closed');
  }

  #begin(): void {
    this.#isReady = false;
    const thread = new RemoteThread(this, THREAD_ID);
    thread.mixers.on((use) => this.#deps.mixerUsed(thread, use));
    this.#thread = thread;
    this.#link = this.#start(
      { report: (report) => this.#take(report), died: (cause) => this.#died(cause) },
      this.#deps.host,
    );
  }

  #take(message: FromThread): void {
    switch (message.type) {
      case 'ready':
        this.#isReady = true;
        this.#setReady();
        break;
      case 'answer':
        this.objects.get(message.id)?.answer(message);
        break;
      case 'event':
        this.objects.get(message.id)?.event(message.name, message.value);
        break;
      case 'next':
        this.objects.get(message.id)?.next(message.call);
        break;
      case 'frames':
        this.#takeFrames(message.streams, message.audio);
        break;
      case 'defect':
        reportDefect(message.origin, new Error(message.cause));
        break;
      case 'note':
        this.#deps.log.info(message.fields, message.message);
        break;
    }
  }

  #takeFrames(streams: Float64Array, audio: Uint8Array): void {
    for (let i = 0; i < streams.length; i++) {
      const stream = this.objects.get(streams[i]!);
      const at = i * STREAM_FRAME_BYTES;
      if (stream instanceof RemoteStream) stream.take(audio.subarray(at, at + STREAM_FRAME_BYTES));
    }
  }

  /** Settles everything that waits for the thread. */
  #lose(cause: string): void {
    const lost = [...this.objects.values()];
    for (const object of lost) guarded('media.lost', () => object.event('lost', cause))();
    for (const object of lost) guarded('media.lost', () => object.end(cause))();
    this.#deps.ended(this.#thread);
  }

  #died(cause: string): void {
    this.#lose(cause);
    this.#past = Array.from(this.#link.counters, (_, place) => this.counter(place));
    if (this.#closing) return;
    const again = () => {
      if (!this.#closing) this.#begin();
    };
    if (this.#isReady) again();
    else this.#deps.clock.after(RESTART_MS, again);
  }
}
