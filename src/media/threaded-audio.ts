import type { AudioClip, Digit } from '../audio/index.ts';
import { detach, Failure, Signal } from '../core/index.ts';
import { DigitSending } from './digit-sending.ts';
import { Play } from './play.ts';
import type { Command, SessionReport } from './protocol.ts';
import type { AudioAgreement, AudioReport, AudioStream, Sound, Tap, TapEnd, TapOptions } from './sound.ts';
import { ThreadedStream } from './threaded-stream.ts';
import { ThreadedTap } from './threaded-tap.ts';

/** A command without the session's number. */
type Order<C = Command> = C extends Command ? Omit<C, 'session'> : never;

/** What an audio needs of the engine. */
export interface AudioGround {
  session: number;
  local: { address: string; port: number };
  post(command: Command): void;
  /** A number that was not given out before, for a play, a tap, a stream. */
  number(): number;
  /** Told which room the audio is in from now on, and that it is in none. */
  moved(room: string | null): void;
  /** Told once, when the audio is closed. */
  closed(): void;
}

/** The main thread's side of one stream of sound. */
export class ThreadedAudio implements Sound {
  readonly local: { address: string; port: number };
  readonly digits = new Signal<Digit>((on) => this.#order({ do: 'listen', on }));
  readonly held = new Signal<boolean>();
  readonly lost = new Signal<string>();
  readonly quiet = new Signal<void>();
  #deps: AudioGround;
  #play: Play | undefined;
  /** The number of the play. */
  #playing = -1;
  #taps = new Map<number, ThreadedTap>();
  #streams = new Map<number, ThreadedStream>();
  #sendings = new Map<number, DigitSending>();
  #music: AudioClip | null = null;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #report: Promise<AudioReport>;
  #setReport!: (report: AudioReport) => void;

  constructor(deps: AudioGround) {
    this.#deps = deps;
    this.local = deps.local;
    this.#report = new Promise((resolve) => {
      this.#setReport = resolve;
    });
  }

  connect(agreement: AudioAgreement): void {
    this.#order({ do: 'connect', agreement });
  }

  play(sounds: AsyncIterable<AudioClip>, signal?: AbortSignal): Promise<'finished' | 'stopped'> {
    this.#play?.stop();
    if (this.#state !== 'open' || signal?.aborted) return Promise.resolve('stopped');
    const play = this.#deps.number();
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
    const tap = this.#deps.number();
    const threaded = new ThreadedTap(options, {
      pause: (mode) => this.#order({ do: 'pause_tap', tap, mode }),
      resume: () => this.#order({ do: 'resume_tap', tap }),
      stop: () => this.#order({ do: 'stop_tap', tap }),
    });
    this.#taps.set(tap, threaded);
    this.#order({ do: 'tap', tap, options });
    return threaded.started;
  }

  async sendDigits(digits: string, signal?: AbortSignal): Promise<void> {
    if (!/^[0-9*#A-D]*$/.test(digits)) throw new Failure('invalid_request', `${digits} cannot be dialled`);
    if (this.#state !== 'open') throw new Failure('audio_closed', 'the audio is closed');
    signal?.throwIfAborted();
    const sending = this.#deps.number();
    const keys = new DigitSending(signal, () => this.#order({ do: 'stop_digits', sending }));
    this.#sendings.set(sending, keys);
    this.#order({ do: 'send_digits', sending, digits });
    return keys.done.finally(() => this.#sendings.delete(sending));
  }

  signaled(digit: Digit): void {
    this.#order({ do: 'signaled', digit });
  }

  join(mixer: string, { muted = false }: { muted?: boolean } = {}): void {
    if (this.#state !== 'open') return;
    this.#order({ do: 'enter', room: mixer, muted });
    this.#deps.moved(mixer);
  }

  leave(): void {
    if (this.#state !== 'open') return;
    this.#order({ do: 'leave' });
    this.#deps.moved(null);
  }

  hold(music: AudioClip | null): void {
    if (music === this.#music) return;
    this.#music = music;
    this.#order({ do: 'hold', music: music?.samples ?? null });
  }

  mute({ read, write }: { read: boolean; write: boolean }): void {
    this.#order({ do: 'mute', read, write });
  }

  stream(): AudioStream {
    const stream = this.#deps.number();
    this.#order({ do: 'stream', stream });
    const threaded = new ThreadedStream({
      play: (payload) => this.#order({ do: 'stream_play', stream, payload }),
      clear: () => this.#order({ do: 'stream_clear', stream }),
      mark: (mark) => this.#order({ do: 'stream_mark', stream, mark }),
      end: () => {
        this.#streams.delete(stream);
        this.#order({ do: 'end_stream', stream });
      },
    });
    if (this.#state !== 'open') threaded.end();
    else this.#streams.set(stream, threaded);
    return threaded;
  }

  redact(on: boolean): void {
    this.#order({ do: 'redact', on });
  }

  privacyHold(on: boolean): void {
    this.#order({ do: 'withhold', on });
  }

  close(): Promise<AudioReport> {
    if (this.#state === 'open') {
      this.#hush();
      this.#order({ do: 'close' });
      this.#state = 'closing';
    }
    return this.#report;
  }

  /** Takes one beat of one of its streams. */
  takeFrames(stream: number, sound: Uint8Array): void {
    this.#streams.get(stream)?.take(sound);
  }

  /** Takes what the thread reports of this session. */
  take(report: SessionReport): void {
    switch (report.told) {
      case 'digit':
        this.digits.emit(report.digit);
        break;
      case 'key':
        this.held.emit(report.down);
        break;
      case 'quiet':
        this.quiet.emit();
        break;
      case 'sound_done':
        this.#playOf(report.play)?.soundDone();
        break;
      case 'played':
        this.#playOf(report.play)?.played();
        break;
      case 'digits_sent':
        this.#sendings.get(report.sending)?.sent();
        break;
      case 'stream_drained':
        this.#streams.get(report.stream)?.drain(report.mark, report.how);
        break;
      case 'tap_started':
        this.#taps.get(report.tap)?.start(report.startedAt);
        break;
      case 'tap_gaps':
        this.#taps.get(report.tap)?.gap(report.gaps);
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
    this.#close({ packetsSent: 0, packetsReceived: 0, packetsLost: 0, jitterMs: 0 }, cause);
    this.#lose(cause);
  }

  #lose(cause: string): void {
    this.#hush();
    if (this.#state === 'open') this.#state = 'closing';
    this.lost.emit(cause);
  }

  /** Ends what only lasts as long as there is a far end to hear it. */
  #hush(): void {
    this.#play?.stop();
    for (const stream of this.#streams.values()) stream.end();
    for (const keys of this.#sendings.values()) keys.fail();
    this.#deps.moved(null);
  }

  #playOf(play: number): Play | undefined {
    return play === this.#playing ? this.#play : undefined;
  }

  #endTap(tap: number, end: TapEnd): void {
    this.#taps.get(tap)?.end(end);
    this.#taps.delete(tap);
  }

  #close(report: AudioReport, cause = 'the audio was closed'): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    // Those that the thread had not begun, or could not end: it says nothing more of them.
    for (const tap of this.#taps.values()) detach('media.tap', tap.fail(cause));
    this.#taps.clear();
    this.#setReport(report);
    this.#deps.closed();
  }

  #order(order: Order): void {
    if (this.#state === 'open') this.#deps.post({ session: this.#deps.session, ...order } as Command);
  }
}
