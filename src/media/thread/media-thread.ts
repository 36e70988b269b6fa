import { FRAME_SAMPLES } from '../../audio/index.ts';
import {
  type Clock,
  explain,
  Failure,
  guarded,
  type Random,
  reportDefect,
  Signal,
} from '../../core/index.ts';
import type { RtpSocket, RtpSockets } from '../../net/index.ts';
import { BEATS, type FromThread, LATE_BEATS, THREAD_ID, type ToThread } from '../protocol.ts';
import { type MixerUse, type OpenOptions, THREAD, type ThreadInterface } from '../sound.ts';
import { Beat } from './beat.ts';
import { BLOCK_FRAMES } from './file-tap.ts';
import { type Mixer, Mixers } from './mixer.ts';
import { ObjectHost, type Owner } from './object-host.ts';
import { Blocks, type Files } from './recording-file.ts';
import { MediaSession, type SessionDeps } from './session.ts';
import { StreamBatch } from './streams.ts';

/** The platform of a media thread. */
export interface MediaThreadDeps {
  clock: Clock;
  random: Random;
  sockets: RtpSockets;
  files: Files;
  /** Shared memory for `BEATS` and `LATE_BEATS`. */
  counters: Float64Array;
  report: (message: FromThread) => void;
}

/** How the thread itself is served: its sounds are sessions. */
type Served = Omit<ThreadInterface, 'open'> & { open(options: OpenOptions): Promise<MediaSession> };

/** All sessions of one thread on one beat. It uses no threads itself: it runs where it is called. */
export class MediaThread implements Served {
  readonly mixers = new Signal<MixerUse>();
  #deps: MediaThreadDeps;
  #host: ObjectHost;
  #shared: SessionDeps;
  #mixers = new Mixers((name, isUsed) => this.mixers.emit({ name, isUsed }));
  #batch: StreamBatch;
  #sessions = new Set<MediaSession>();
  #opened = 0;
  #beat: Beat;

  constructor(deps: MediaThreadDeps) {
    this.#deps = deps;
    const block = BLOCK_FRAMES * FRAME_SAMPLES;
    this.#batch = new StreamBatch(deps.report);
    this.#shared = {
      ...deps,
      blocks: { 1: new Blocks(block), 2: new Blocks(2 * block) },
      mixers: this.#mixers,
      batch: this.#batch,
    };
    this.#beat = new Beat(deps.clock, this.#run);
    this.#host = new ObjectHost(deps.report, (target, owner) => this.#ownerOf(target, owner));
    const failed = (error: unknown) => reportDefect('media.command', error);
    this.#host.serve(THREAD_ID, this, THREAD, { called: () => {}, failed });
  }

  start(): void {
    this.#beat.start();
    this.#deps.report({ type: 'ready', sockets: this.#deps.sockets.kind });
  }

  /** Stops the beat. Close all sessions before. */
  end(): void {
    this.#beat.stop();
  }

  /** Takes a message of the main thread. Never throws: a call that fails ends its own session only. */
  take(message: ToThread): void {
    guarded('media.command', () => this.#host.take(message))();
  }

  async open({ host, port, quietBeats }: OpenOptions): Promise<MediaSession> {
    const opened: RtpSocket[] = [];
    try {
      const rtp = await this.#deps.sockets.open(host, port);
      opened.push(rtp);
      const rtcp = await this.#deps.sockets.open(host, port + 1);
      opened.push(rtcp);
      const session = new MediaSession(
        {
          number: ++this.#opened,
          local: { address: host, port },
          sockets: { rtp, rtcp },
          quietBeats,
          closing: (closed) => this.#sessions.delete(closed),
        },
        this.#shared,
      );
      this.#sessions.add(session);
      this.#beat.resume();
      return session;
    } catch (error) {
      for (const socket of opened) guarded('media.open', () => socket.close())();
      const { code = '', message } = error as { code?: string; message: string };
      throw new Failure(code, message);
    }
  }

  linkMixer(name: string, own: SharedArrayBuffer | null, others: SharedArrayBuffer[]): void {
    this.#mixers.link(name, own, others);
  }

  #ownerOf(target: object, owner: Owner): Owner {
    if (!(target instanceof MediaSession)) return owner;
    return {
      called: () => target.stopRelaying(),
      failed: (error) => this.#lose(target, error),
    };
  }

  /** Ends one session, which has a defect, and none of the others. Its proxy then calls `close`. */
  #lose(session: MediaSession, error: unknown): void {
    reportDefect('media.session', error);
    if (!this.#sessions.delete(session)) return;
    this.#host.seal(session);
    guarded('media.close', () => session.close())();
    session.lost.emit(explain(error));
  }

  // All inputs of a mixer are received before any of them is sent, so that mixing adds no delay, whatever their order.
  // A session without a mixer does both at once, while its memory is in the cache.
  #run = (beat: number, isStale: boolean, overdue: number): void => {
    this.#deps.counters[BEATS] = this.#beat.count;
    this.#deps.counters[LATE_BEATS] = this.#beat.late;
    this.#each((session) => {
      session.receive(beat, isStale, overdue);
      if (!session.mixer) session.send(beat, isStale);
    });
    this.#mixers.mix(this.#loseMixer);
    this.#each((session) => {
      if (session.mixer) session.send(beat, isStale);
    });
    this.#deps.sockets.flush();
    this.#batch.send();
    // An idle thread does not wake up 50 times a second.
    if (this.#sessions.size === 0) this.#beat.stop();
  };

  /** A defect in a mixer ends the sessions that have joined it. */
  #loseMixer = (mixer: Mixer, error: unknown): void => {
    for (const session of this.#sessions) if (session.mixer === mixer) this.#lose(session, error);
  };

  #each(run: (session: MediaSession) => void): void {
    for (const session of this.#sessions) {
      try {
        run(session);
      } catch (error) {
        this.#lose(session, error);
      }
    }
  }
}
