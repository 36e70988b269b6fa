import { Failure, Signal } from '../kit/index.ts';
import type { Audio, AudioAgreement, AudioReport, Digit, Sound, Tap, TapEnd, TapOptions } from './audio.ts';
import { Play } from './play.ts';
import type { Command, SessionReport } from './protocol.ts';
import { ThreadedTap } from './threaded-tap.ts';

/** A command without the session's number. */
type Order<C = Command> = C extends Command ? Omit<C, 'session'> : never;

/** What an audio needs of the engine. */
export interface AudioGround {
  session: number;
  local: { address: string; port: number };
  post(command: Command): void;
  /** A number that was not given out before, for a play or a tap. */
  number(): number;
  /** Told once, when the audio is closed. */
  closed(): void;
}

/** The main thread's side of one stream of sound. */
export class ThreadedAudio implements Audio {
  readonly local: { address: string; port: number };
  readonly digits = new Signal<Digit>();
  readonly lost = new Signal<string>();
  #ground: AudioGround;
  #play: Play | undefined;
  /** The number of the play. */
  #playing = -1;
  #taps = new Map<number, ThreadedTap>();
  #state: 'open' | 'closing' | 'closed' = 'open';
  #report: Promise<AudioReport>;
  #setReport!: (report: AudioReport) => void;

  constructor(ground: AudioGround) {
    this.#ground = ground;
    this.local = ground.local;
    this.#report = new Promise((resolve) => {
      this.#setReport = resolve;
    });
  }

  connect(agreement: AudioAgreement): void {
    this.#order({ do: 'connect', agreement });
  }

  play(sounds: AsyncIterable<Sound>, signal?: AbortSignal): Promise<'finished' | 'stopped'> {
    this.#play?.stop();
    if (this.#state !== 'open' || signal?.aborted) return Promise.resolve('stopped');
    const play = this.#ground.number();
    this.#play = new Play(sounds, signal, {
      start: () => this.#order({ do: 'play', play }),
      sound: (samples) => this.#order({ do: 'sound', play, samples }),
      noMore: () => this.#order({ do: 'no_more', play }),
      stop: () => this.#order({ do: 'stop_play', play }),
    });
    this.#playing = play;
    return this.#play.done;
  }

  async tap(options: TapOptions): Promise<Tap> {
    if (this.#state !== 'open') throw new Failure('audio_closed', 'the audio is closed');
    const tap = this.#ground.number();
    const threaded = new ThreadedTap(options, {
      pause: (mode) => this.#order({ do: 'pause_tap', tap, mode }),
      resume: () => this.#order({ do: 'resume_tap', tap }),
      stop: () => this.#order({ do: 'stop_tap', tap }),
    });
    this.#taps.set(tap, threaded);
    this.#order({ do: 'tap', tap, options });
    return threaded.started;
  }

  redact(on: boolean): void {
    this.#order({ do: 'redact', on });
  }

  close(): Promise<AudioReport> {
    if (this.#state === 'open') {
      this.#play?.stop();
      this.#order({ do: 'close' });
      this.#state = 'closing';
    }
    return this.#report;
  }

  /** Takes what the thread reports of this session. */
  take(report: SessionReport): void {
    switch (report.told) {
      case 'digit':
        this.digits.emit(report.digit);
        break;
      case 'sound_done':
        this.#playOf(report.play)?.soundDone();
        break;
      case 'played':
        this.#playOf(report.play)?.played();
        break;
      case 'tap_started':
        this.#taps.get(report.tap)?.start(report.startedAt);
        break;
      case 'tap_turned':
        this.#taps.get(report.tap)?.turned();
        break;
      case 'tap_ended':
        this.#endTap(report.tap, report.end);
        break;
      case 'lost':
        this.#lose(report.cause);
        break;
      case 'closed':
        this.#close(report.report);
        break;
    }
  }

  /** The thread is gone, and with it all that was in it. */
  fail(cause: string): void {
    if (this.#state === 'closed') return;
    for (const tap of this.#taps.values()) void tap.fail(cause);
    this.#close({ packetsSent: 0, packetsReceived: 0, packetsLost: 0, jitterMs: 0 });
    this.#lose(cause);
  }

  #lose(cause: string): void {
    if (this.#state === 'open') this.#state = 'closing';
    this.#play?.stop();
    this.lost.emit(cause);
  }

  #playOf(play: number): Play | undefined {
    return play === this.#playing ? this.#play : undefined;
  }

  #endTap(tap: number, end: TapEnd): void {
    this.#taps.get(tap)?.end(end);
    this.#taps.delete(tap);
  }

  #close(report: AudioReport): void {
    this.#state = 'closed';
    this.#setReport(report);
    this.#ground.closed();
  }

  #order(order: Order): void {
    if (this.#state === 'open') this.#ground.post({ session: this.#ground.session, ...order } as Command);
  }
}
