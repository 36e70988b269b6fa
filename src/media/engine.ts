import { type Clock, Failure, type Log, type Random } from '../core/index.ts';
import { RtpPorts } from '../net/index.ts';
import { mediaNice, type StartThread, workerThread } from './link.ts';
import { MixerLinks } from './mixer-links.ts';
import { BEATS, LATE_BEATS } from './protocol.ts';
import type { Sound } from './sound.ts';
import { ThreadHandle } from './thread-handle.ts';

/** The media threads and their RTP ports. */
export interface MediaEngine {
  /**
   * Opens a sound on the thread of `beside`, or else on the least busy one. Name as `beside` a sound whose mixer this
   * one will join: mixing on one thread is cheaper, and one frame faster. Rejects with `no_media_port` when no port is
   * free.
   */
  open(options?: { beside?: Sound }): Promise<Sound>;
  /** Counters for `/metrics`. */
  readonly load: { sessions: number; beats: number; lateBeats: number };
  close(): Promise<void>;
}

export interface MediaOptions {
  /** Number of media threads, at least 1. */
  workers: number;
  /** UDP ports, both ends included. Each sound takes an even port and the one above it. */
  ports: { from: number; to: number };
  /** The local address to bind to. */
  host: string;
  /** A sound that receives nothing for this time emits `quiet`. 0 or undefined: never. */
  quietSeconds?: number;
  clock: Clock;
  random: Random;
  log: Log;
  /** Starts a thread. Default: worker threads. */
  start?: StartThread;
}

/** Ports that other programs hold are skipped. After this many in a row, something else is wrong. */
const MAX_TRIES = 50;

/** Starts the media threads. Resolves when all are ready. */
export async function createMediaEngine(options: MediaOptions): Promise<MediaEngine> {
  const engine = new ThreadedEngine(options);
  await engine.ready;
  return engine;
}

class ThreadedEngine implements MediaEngine {
  readonly ready: Promise<unknown>;
  #host: string;
  #ports: RtpPorts;
  #threads: ThreadHandle[];
  #links = new MixerLinks();
  #closing = false;

  constructor(options: MediaOptions) {
    const { host, ports, clock, random, log, workers } = options;
    this.#host = host;
    this.#ports = new RtpPorts(ports, clock, random);
    const start = options.start ?? workerThread({ clock, log }, 'cheapest', mediaNice(workers));
    const deps = {
      ...options,
      mixerUsed: this.#links.update.bind(this.#links),
      ended: this.#links.remove.bind(this.#links),
    };
    this.#threads = Array.from({ length: workers }, () => new ThreadHandle(start, deps));
    this.ready = Promise.all(this.#threads.map((thread) => thread.ready));
  }

  get load(): { sessions: number; beats: number; lateBeats: number } {
    const sum = (of: (thread: ThreadHandle) => number) =>
      this.#threads.reduce((total, thread) => total + of(thread), 0);
    return {
      sessions: sum((thread) => thread.sounds.size),
      beats: sum((thread) => thread.counter(BEATS)),
      lateBeats: sum((thread) => thread.counter(LATE_BEATS)),
    };
  }

  async open({ beside }: { beside?: Sound } = {}): Promise<Sound> {
    for (let tries = 1; ; tries++) {
      if (this.#closing) throw new Failure('no_media_port', 'the media engine is closed');
      const port = this.#ports.allocate();
      try {
        return await this.#threadFor(beside).open(this.#host, port, () => this.#ports.release(port));
      } catch (error) {
        this.#ports.release(port);
        if ((error as { code?: string }).code === 'EADDRINUSE' && tries < MAX_TRIES) continue;
        throw new Failure('no_media_port', 'no port of MINIVOICE_RTP_PORTS can be opened', { cause: error });
      }
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #threadFor(beside: Sound | undefined): ThreadHandle {
    const same = beside && this.#threads.find((thread) => thread.sounds.has(beside));
    return same ?? this.#threads.reduce((a, b) => (b.soundCount < a.soundCount ? b : a));
  }
}
