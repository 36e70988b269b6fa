import { type AudioClip, type Digit, FRAME_SAMPLES, isSilent } from '../../audio/index.ts';
import { type Clock, guarded, type Random, Signal } from '../../core/index.ts';
import type { RtpSocket } from '../../net/index.ts';
import type { AudioAgreement, AudioReport } from '../agreement.ts';
import type { ServedSound, ServedStream, Tap, TapOptions } from '../sound.ts';
import { DigitsIn, type KeySource } from './digits-in.ts';
import type { TapDeps } from './file-tap.ts';
import { Inbound } from './inbound.ts';
import type { Mixer, Mixers } from './mixer.ts';
import { MixerInput } from './mixer.ts';
import { Output, SILENCE } from './output.ts';
import { RtcpExchange } from './rtcp-exchange.ts';
import { Protection, SecureSocket } from './secure-socket.ts';
import type { StreamBatch } from './streams.ts';
import { Taps } from './taps.ts';
import { Transmitter } from './transmitter.ts';

/** The frame that is being received. Sessions without a mixer share it, so that it stays in the CPU cache. */
const RECEIVED = new Int16Array(FRAME_SAMPLES);

/** What all sessions of a thread share. */
export interface SessionDeps extends TapDeps {
  clock: Clock;
  random: Random;
  mixers: Mixers;
  batch: StreamBatch;
}

/** What one session gets. */
export interface SessionParts {
  number: number;
  local: { address: string; port: number };
  sockets: { rtp: RtpSocket; rtcp: RtpSocket };
  /** Beats without a packet after which `quiet` is emitted; 0: never. */
  quietBeats: number;
  /** Called once, when the session closes: it takes part in no more beats. */
  closing: (session: MediaSession) => void;
}

/**
 * A sound on its media thread. Every 20 ms, `receive` takes a frame in. When all sessions have done so and the mixers
 * have mixed, `send` sends a frame, and gives both to taps and streams. Everything else happens between two beats.
 */
export class MediaSession implements ServedSound {
  readonly local: { address: string; port: number };
  readonly digits = new Signal<Digit>((on) => this.#digitsIn.listen(on));
  readonly held = new Signal<boolean>();
  readonly lost = new Signal<string>();
  readonly quiet = new Signal<void>();
  #deps: SessionDeps;
  #sockets: { rtp: SecureSocket; rtcp: SecureSocket };
  #quietBeats: number;
  #closing: SessionParts['closing'];
  #lastBeat = 0;
  #agreement: AudioAgreement | undefined;
  #inbound: Inbound;
  #received: Int16Array = RECEIVED;
  /** Its memory while it is in a mixer, which reads the frames of all of its inputs at once. */
  #ownFrame: Int16Array | undefined;
  #digitsIn = new DigitsIn({
    pressed: (digit, source) => this.#pressed(digit, source),
    held: (isDown) => this.held.emit(isDown),
  });
  #input = new MixerInput({
    digit: (digit, isSecret) => this.#transmitter.digits.relay(digit, isSecret),
    packet: (header, bytes, beat) => this.#transmitter.relay(header, bytes, beat),
  });
  #output = new Output();
  #transmitter: Transmitter;
  #rtcp: RtcpExchange;
  #taps: Taps;
  #isRedacted = false;
  #isPrivacyHeld = false;
  #muted = { read: false, write: false };
  #closed: Promise<AudioReport> | undefined;

  constructor({ number, local, sockets, quietBeats, closing }: SessionParts, deps: SessionDeps) {
    this.local = local;
    this.#quietBeats = quietBeats;
    this.#closing = closing;
    this.#deps = deps;
    const [rtp, rtcp] = [new SecureSocket(sockets.rtp), new SecureSocket(sockets.rtcp)];
    this.#sockets = { rtp, rtcp };
    this.#taps = new Taps(number, deps);
    this.#transmitter = new Transmitter(rtp, deps.random);
    this.#inbound = new Inbound(rtp, {
      audio: (header, bytes) => this.#input.relayPartner?.fromPartner.packet(header, bytes, this.#lastBeat),
      event: (header, bytes, clockRate) => this.#digitsIn.packet(header, bytes, clockRate),
      rtcp: (bytes, length, arrivedAt) => this.#rtcp.take(bytes, length, rtp.elapsedSince(arrivedAt)),
      found: (farEnd) => this.#rtcp.found(farEnd, this.#agreement?.rtcpMux ?? false),
    });
    this.#rtcp = new RtcpExchange({
      ...this.#sockets,
      outbound: this.#transmitter.outbound,
      reception: this.#inbound.reception,
      heard: () => this.#inbound.heard(),
      clock: deps.clock,
      random: deps.random,
    });
  }

  connect(agreement: AudioAgreement): void {
    const before = this.#agreement;
    if (JSON.stringify(agreement) === JSON.stringify(before)) return;
    if (JSON.stringify(agreement.srtp) !== JSON.stringify(before?.srtp)) this.#secure(agreement);
    this.#agreement = agreement;
    this.#transmitter.agree(agreement);
    this.#inbound.agree(agreement, this.#transmitter.codec);
    this.#digitsIn.agree(agreement);
  }

  play(clips: AsyncIterable<AudioClip>, signal?: AbortSignal): Promise<'finished' | 'stopped'> {
    return this.#output.player.play(clips, signal);
  }

  tap(options: TapOptions): Promise<Tap> {
    return this.#taps.open(options);
  }

  sendDigits(digits: string, signal?: AbortSignal): Promise<void> {
    return this.#transmitter.digits.send(digits, this.#isRedacted, signal);
  }

  signaled(digit: Digit): void {
    this.#digitsIn.signaled(digit);
  }

  join(mixer: string, { muted = false }: { muted?: boolean } = {}): void {
    this.#deps.mixers.join(mixer, this.#input);
    this.#input.isMuted = muted;
  }

  leave(): void {
    this.#deps.mixers.leave(this.#input);
  }

  hold(music: AudioClip | null): void {
    this.#output.hold(music?.samples ?? null);
  }

  mute(directions: { read: boolean; write: boolean }): void {
    this.#muted = directions;
  }

  stream(): ServedStream {
    return this.#output.streams.open();
  }

  redact(on: boolean): void {
    this.#isRedacted = on;
    this.#taps.redact(on);
  }

  privacyHold(on: boolean): void {
    this.#isPrivacyHeld = on;
  }

  /** Ends RTP at once. Resolves when the taps are closed, too. */
  close(): Promise<AudioReport> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** The mixer that it has joined. Then `send` waits until the mixers have mixed. */
  get mixer(): Mixer | null {
    return this.#input.mixer;
  }

  /** Relays no packets until the next beat, because a call may change what the far end hears. */
  stopRelaying(): void {
    this.#input.relays = null;
  }

  /** The first half of a beat: takes the next frame of the far end and gives it to the mixer. */
  receive(beat: number, isStale: boolean, overdue: number): void {
    this.#lastBeat = beat;
    const input = this.#input;
    input.relays = input.mixer && !isStale && this.#canRelay ? this.#agreement!.codec.name : null;
    this.#inbound.receive(overdue);
    if (this.#quietBeats > 0 && this.#inbound.isQuiet(this.#quietBeats)) this.quiet.emit();
    this.#received = input.mixer ? (this.#ownFrame ??= new Int16Array(FRAME_SAMPLES)) : RECEIVED;
    this.#inbound.jitter.pull(this.#received);
    this.#digitsIn.beat(this.#received);
    if (!input.mixer) return;
    input.said = this.#speaks && !input.isMuted && !isSilent(this.#received) ? this.#received : null;
    input.saidRecorded = this.#isRedacted || this.#isPrivacyHeld ? null : input.said;
    input.listens = !this.#muted.read && !this.#output.isHeld;
  }

  /**
   * The second half: sends what the far end is to hear. A stale beat sends nothing: what plays waits, its timestamps
   * pass, and taps and streams get the silence that the far end hears meanwhile.
   */
  send(beat: number, isStale: boolean): void {
    const sent = isStale ? this.#transmitter.rest() : this.#sendFrame(beat);
    this.#taps.write(this.#received, sent);
    const inbound = this.#speaks && !this.#isRedacted ? this.#received : SILENCE;
    this.#output.streams.write(this.#deps.batch, inbound, sent);
    if (isStale) return;
    this.#output.sent();
    this.#transmitter.digits.sent();
    this.#rtcp.beat(beat);
  }

  /** Whether anybody is to hear the far end. */
  get #speaks(): boolean {
    return !this.#muted.write && !this.#output.isHeld;
  }

  /** Whether packets of both partners can be relayed: nobody here needs their audio, and nothing else is heard. */
  get #canRelay(): boolean {
    const isMuted = this.#muted.read || this.#muted.write || this.#input.isMuted;
    return this.#transmitter.canRelay && !isMuted && this.#output.isMixerOnly && !this.#taps.any;
  }

  #secure({ srtp }: AudioAgreement): void {
    const { rtp, rtcp } = this.#sockets;
    rtp.protection = rtcp.protection = srtp ? new Protection(srtp, rtp.protection) : null;
  }

  /** Relays a digit to the mixer partner, unless it is part of the audio. */
  #pressed(digit: Digit, source: KeySource): void {
    this.digits.emit(digit);
    if (source === 'tones' || !this.#speaks || this.#input.isMuted) return;
    const { partner } = this.#input;
    if (partner?.listens) partner.fromPartner.digit(digit.digit, this.#isRedacted || this.#isPrivacyHeld);
  }

  #sendFrame(beat: number): Int16Array {
    // What is played before there is a far end would be lost.
    if (!this.#agreement) return SILENCE;
    this.#output.pull(this.#input.heard, this.#input.heardRecorded);
    const isRelaying = this.#input.relayPartner !== undefined;
    return this.#transmitter.send(beat, this.#output, isRelaying, this.#isRedacted);
  }

  async #close(): Promise<AudioReport> {
    this.#closing(this);
    this.leave();
    this.#output.player.stop();
    this.#output.streams.close();
    this.#transmitter.digits.close();
    const tapsClosed = this.#taps.end('closed');
    const { rtp, rtcp } = this.#sockets;
    // Each is tried, even when another fails: a socket that stays open keeps its port.
    for (const step of [() => this.#rtcp.end(this.#lastBeat), () => rtp.close(), () => rtcp.close()])
      guarded('media.close', step)();
    await tapsClosed;
    return this.#report();
  }

  #report(): AudioReport {
    const { jitter, reception } = this.#inbound;
    const { farEnd } = this.#rtcp;
    return {
      packetsSent: this.#transmitter.outbound.packets,
      packetsReceived: jitter.counters.received,
      packetsLost: jitter.lost,
      jitterMs: reception.jitterMs,
      ...(farEnd && { farEnd }),
    };
  }
}
