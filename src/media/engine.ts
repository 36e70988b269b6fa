import { type Clock, Failure, type Log, type Random } from '../core/index.ts';
import { RtpPorts } from '../net/index.ts';
import { mediaNice, type StartThread, workerThread } from './link.ts';
import { BEATS, LATE_BEATS } from './protocol.ts';
import { RoomLinks } from './room-links.ts';
import type { MediaEngine, Sound } from './sound.ts';
import { ThreadHandle } from './thread-handle.ts';
import { ThreadedAudio } from './threaded-audio.ts';

/** How sound is served. */
export interface MediaOptions {
  /** Media threads, at least 1. */
  workers: number;
  /** UDP ports, both ends included; each audio takes an even one and the one above it. */
  ports: { from: number; to: number };
  /** The address of this machine to bind to. */
  host: string;
  /** A far end that sends nothing for so long is told of as quiet; 0 or left out: none ever is. */
  quietSeconds?: number;
  clock: Clock;
  random: Random;
  log: Log;
  /** How a thread is started; worker threads unless said otherwise. */
  start?: StartThread;
}

/** Ports that other programs hold are skipped; with so many in a row something else is wrong. */
const MAX_TRIES = 50;

/** Starts the media threads; resolves when all are up. */
export async function createMediaEngine(options: MediaOptions): Promise<MediaEngine> {
  const start = options.start ?? workerThread(options.log, 'cheapest', mediaNice(options.workers));
  const threads = Array.from({ length: options.workers }, () => new ThreadHandle(start, options));
  await Promise.all(threads.map((thread) => thread.ready));
  return new ThreadedEngine(options, threads);
}

class ThreadedEngine implements MediaEngine {
  #host: string;
  #ports: RtpPorts;
  #threads: ThreadHandle[];
  #links = new RoomLinks();
  #last = 0;
  #closing = false;

  constructor({ host, ports, clock, random }: MediaOptions, threads: ThreadHandle[]) {
    this.#host = host;
    this.#ports = new RtpPorts(ports, clock, random);
    this.#threads = threads;
  }

  get load(): { sessions: number; beats: number; lateBeats: number } {
    const sum = (of: (thread: ThreadHandle) => number) =>
      this.#threads.reduce((total, thread) => total + of(thread), 0);
    return {
      sessions: sum((thread) => thread.audios.size),
      beats: sum((thread) => thread.figure(BEATS)),
      lateBeats: sum((thread) => thread.figure(LATE_BEATS)),
    };
  }

  async open({ beside }: { beside?: Sound } = {}): Promise<Sound> {
    for (let tries = 1; ; tries++) {
      if (this.#closing) throw new Failure('no_media_port', 'the media engine is closed');
      const port = this.#ports.allocate();
      try {
        return await this.#openOn(this.#threadFor(beside), port);
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
    const here = beside && this.#threads.find((thread) => thread.has(beside));
    return here ?? this.#threads.reduce((a, b) => (b.audios.size < a.audios.size ? b : a));
  }

  #openOn(thread: ThreadHandle, port: number): Promise<Sound> {
    const session = ++this.#last;
    const audio = new ThreadedAudio({
      session,
      local: { address: this.#host, port },
      post: (command) => thread.post(command),
      number: () => ++this.#last,
      moved: (room) => this.#links.move(session, thread, room),
      closed: () => {
        thread.audios.delete(session);
        this.#ports.release(port);
      },
    });
    return thread.open(session, this.#host, port, audio);
  }
}
