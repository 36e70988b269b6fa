import { type Clock, Failure, Signal, sleep } from '../../core/index.ts';
import type { AudioClip, AudioStream, Digit, Sound, Tap, TapEnd, TapOptions } from '../index.ts';

/** The sound of a simulated leg: clips take their time on the given clock, and a test plays the far end. */
export class SimulatedSound implements Sound {
  readonly local = { address: '127.0.0.1', port: 0 };
  readonly digits = new Signal<Digit>();
  readonly held = new Signal<boolean>();
  readonly lost = new Signal<string>();
  readonly quiet = new Signal<void>();
  /** The mixer that it is in. */
  mixer: string | undefined;
  #clock: Clock;
  #over: AbortSignal;
  #seen: string[];
  #playing: AbortController | undefined;

  /** @param over aborted when the leg ends. @param seen gets a line for everything the far end notices. */
  constructor(clock: Clock, over: AbortSignal, seen: string[]) {
    this.#clock = clock;
    this.#over = over;
    this.#seen = seen;
  }

  connect(): void {}

  async play(clips: AsyncIterable<AudioClip>, signal?: AbortSignal): Promise<'finished' | 'stopped'> {
    this.#playing?.abort();
    const playing = new AbortController();
    this.#playing = playing;
    const until = AbortSignal.any([playing.signal, this.#over, ...(signal ? [signal] : [])]);
    const started = this.#clock.monotonic();
    let outcome: 'finished' | 'stopped' = 'finished';
    for await (const { samples } of clips) {
      outcome = await sleep(this.#clock, samples.length / 8, until).then(
        () => 'finished' as const,
        () => 'stopped' as const,
      );
      if (outcome === 'stopped') break;
    }
    const seconds = (this.#clock.monotonic() - started) / 1000;
    this.#seen.push(`heard ${seconds} s${outcome === 'stopped' ? ', cut short' : ''}`);
    return outcome;
  }

  async tap(_options: TapOptions): Promise<Tap> {
    if (this.#over.aborted) throw new Failure('audio_closed', 'the audio is closed');
    const end: TapEnd = { cause: 'stopped', samples: 0, gaps: [] };
    const stop = async () => end;
    return {
      startedAt: this.#clock.now(),
      gapped: new Signal(),
      gaps: [],
      pause: async () => {},
      resume: async () => {},
      stop,
      ended: stop(),
    };
  }

  async sendDigits(digits: string, signal?: AbortSignal): Promise<void> {
    await sleep(this.#clock, digits.length * 200, signal);
    this.#seen.push(`was sent ${digits}`);
  }

  signaled(digit: Digit): void {
    this.digits.emit(digit);
  }

  join(mixer: string, { muted = false } = {}): void {
    this.mixer = mixer;
    this.#seen.push(`entered ${muted ? 'muted' : 'speaking'}`);
  }

  leave(): void {
    if (this.mixer === undefined) return;
    this.mixer = undefined;
    this.#seen.push('left');
  }

  hold(music: AudioClip | null): void {
    this.#seen.push(music ? 'held' : 'resumed');
  }

  mute({ read, write }: { read: boolean; write: boolean }): void {
    this.#seen.push(`muted ${[read && 'read', write && 'write'].filter(Boolean).join(' and ') || 'nothing'}`);
  }

  stream(): AudioStream {
    const frames: AudioStream['frames'] = new Signal();
    return { frames, play() {}, clear() {}, drained: async () => 'heard', close() {} };
  }

  redact(on: boolean): void {
    this.#seen.push(on ? 'redacted' : 'no longer redacted');
  }

  privacyHold(on: boolean): void {
    this.#seen.push(on ? 'held back' : 'no longer held back');
  }

  async close() {
    return { packetsSent: 0, packetsReceived: 0, packetsLost: 0, jitterMs: 0 };
  }
}
