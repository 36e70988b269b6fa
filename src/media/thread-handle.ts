import { FRAME_MS } from '../audio/index.ts';
import { type Clock, explain, guarded, type Log, reportDefect, withTimeout } from '../core/index.ts';
import type { Link, StartThread } from './link.ts';
import { type Command, type Report, STREAMED } from './protocol.ts';
import type { Sound } from './sound.ts';
import type { ThreadedAudio } from './threaded-audio.ts';

/** A thread that dies before it is up is not started again at once, lest nothing else be done. */
const PATIENCE_MS = 1_000;
/** A thread that has not closed its audios after this long is ended all the same. */
const CLOSE_MS = 10_000;

interface Opening {
  audio: ThreadedAudio;
  resolve: (audio: Sound) => void;
  reject: (error: Error) => void;
}

/** A media thread as the engine sees it: when it dies, its audios fail and another takes its place. */
export class ThreadHandle {
  /** By session: those that are open. */
  readonly audios = new Map<number, ThreadedAudio>();
  readonly ready: Promise<void>;
  #start: StartThread;
  #host: string;
  #clock: Clock;
  #log: Log;
  #patience: number;
  #link: Link;
  #opening = new Map<number, Opening>();
  #up = false;
  /** Why commands have no effect: the thread has died, or is closed. */
  #gone: string | undefined;
  #closing = false;
  #past: number[] = [];
  #setReady!: () => void;

  constructor(
    start: StartThread,
    { host, clock, log, quietSeconds = 0 }: { host: string; clock: Clock; log: Log; quietSeconds?: number },
  ) {
    this.#start = start;
    this.#host = host;
    this.#clock = clock;
    this.#log = log;
    this.#patience = Math.round((quietSeconds * 1000) / FRAME_MS);
    this.ready = new Promise((resolve) => {
      this.#setReady = resolve;
    });
    this.#link = this.#begin();
  }

  has(audio: Sound): boolean {
    for (const own of this.audios.values()) if (own === audio) return true;
    return false;
  }

  /** A figure of the thread and those before it in its place. */
  figure(place: number): number {
    return (this.#past[place] ?? 0) + this.#link.figures[place]!;
  }

  post(command: Command): void {
    this.#link.post(command);
  }

  /** Resolves with the audio when its ports are bound; rejects with the system's code when they are not. */
  open(session: number, host: string, port: number, audio: ThreadedAudio): Promise<Sound> {
    if (this.#gone !== undefined) return Promise.reject(new Error(this.#gone));
    return new Promise((resolve, reject) => {
      this.#opening.set(session, { audio, resolve, reject });
      this.post({ do: 'open', session, host, port, patience: this.#patience });
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    const closed = Promise.all([...this.audios.values()].map((audio) => audio.close()));
    await withTimeout(this.#clock, CLOSE_MS, closed, 'the media thread does not close its audios').catch(
      (error) => this.#log.warn({ error: explain(error) }, 'a media thread is ended'),
    );
    await this.#link.end();
    this.#lose('the media thread was closed');
  }

  #begin(): Link {
    this.#up = false;
    this.#gone = undefined;
    return this.#start(
      { report: (report) => this.#take(report), died: (cause) => this.#died(cause) },
      this.#host,
    );
  }

  #take(report: Report): void {
    switch (report.told) {
      case 'ready':
        this.#up = true;
        this.#setReady();
        break;
      case 'streamed':
        this.#streamed(report.streams, report.sound);
        break;
      case 'defect':
        reportDefect(report.origin, new Error(report.cause));
        break;
      case 'note':
        this.#log.info(report.fields, report.message);
        break;
      case 'opened':
        this.#opened(report.session);
        break;
      case 'refused':
        this.#refused(report.session, Object.assign(new Error(report.message), { code: report.code }));
        break;
      default:
        this.audios.get(report.session)?.take(report);
        break;
    }
  }

  #streamed(streams: Uint32Array, sound: Uint8Array): void {
    for (let i = 0; i < streams.length; i += 2) {
      const at = (i / 2) * STREAMED;
      this.audios.get(streams[i]!)?.takeFrames(streams[i + 1]!, sound.subarray(at, at + STREAMED));
    }
  }

  #opened(session: number): void {
    const opening = this.#opening.get(session);
    if (!opening) return;
    this.#opening.delete(session);
    this.audios.set(session, opening.audio);
    opening.resolve(opening.audio);
  }

  #refused(session: number, error: Error): void {
    this.#opening.get(session)?.reject(error);
    this.#opening.delete(session);
  }

  /** Fails everything that waits for the thread. */
  #lose(cause: string): void {
    this.#gone = cause;
    for (const session of [...this.#opening.keys()]) this.#refused(session, new Error(cause));
    for (const audio of [...this.audios.values()]) guarded('media.lost', () => audio.fail(cause))();
  }

  #died(cause: string): void {
    this.#lose(cause);
    this.#past = Array.from(this.#link.figures, (_, place) => this.figure(place));
    if (this.#closing) return;
    const again = () => {
      if (!this.#closing) this.#link = this.#begin();
    };
    if (this.#up) again();
    else this.#clock.after(PATIENCE_MS, again);
  }
}
