import type { Digit } from '../../audio/index.ts';
import { FRAME_SAMPLES, isSilent, openCodec, SAMPLE_RATE } from '../../audio/index.ts';
import { type Clock, guarded, type Random } from '../../core/index.ts';
import type { RtpSocket } from '../../net/index.ts';
import type { RtpHeader } from '../../rtp/index.ts';
import type { KeySource } from '../key-presses.ts';
import type { Report, SessionCommand, TurnCommand } from '../protocol.ts';
import type { AudioAgreement, AudioReport } from '../sound.ts';
import { DigitsIn } from './digits-in.ts';
import { DigitsOut } from './digits-out.ts';
import type { TapGround } from './file-tap.ts';
import { Inbound } from './inbound.ts';
import { Near, SILENCE } from './near.ts';
import { Outbound } from './outbound.ts';
import type { Room, Rooms } from './room.ts';
import { RtcpExchange } from './rtcp-exchange.ts';
import { Seat } from './seat.ts';
import { Protection, SecureSocket } from './secure-socket.ts';
import type { StreamBatch } from './stream-batch.ts';
import { Taps } from './taps.ts';

/** What all sessions of a thread share. */
export interface SessionGround extends TapGround {
  clock: Clock;
  random: Random;
  report: (report: Report) => void;
  rooms: Rooms;
  streamed: StreamBatch;
}

/** In place of the number of a sending: nobody waits for these keys. */
const PASSED_ON = 0;

/**
 * One stream of sound both ways. Every 20 ms a frame comes in; when all sessions have theirs and the rooms are
 * mixed, a frame goes out, and taps and streams get both.
 */
export class MediaSession {
  readonly number: number;
  #deps: SessionGround;
  #sockets: { rtp: SecureSocket; rtcp: SecureSocket };
  #inbound: Inbound;
  #near: Near;
  #codec = openCodec('PCMU');
  #outbound: Outbound;
  #rtcp: RtcpExchange;
  #lastBeat = 0;
  #agreement: AudioAgreement | undefined;
  #taps: Taps;
  #redacted = false;
  #withheld = false;
  #muted = { read: false, write: false };
  #seat = new Seat({
    key: (digit, secret) => this.#digits.press(digit, PASSED_ON, secret),
    packet: (header, bytes, beat) => this.#pass(header, bytes, beat),
  });
  #place: { name: string; room: Room; muted: boolean } | null = null;
  #digits: DigitsOut;
  #keys = new DigitsIn({
    pressed: (digit, source) => this.#heard(digit, source),
    held: (down) => this.#deps.report({ told: 'key', session: this.number, down }),
  });
  #patience: number;
  #far = new Int16Array(FRAME_SAMPLES);

  /** @param patience the beats without a packet after which the far end is quiet; 0: never. */
  constructor(
    number: number,
    sockets: { rtp: RtpSocket; rtcp: RtpSocket },
    deps: SessionGround,
    patience: number,
  ) {
    this.number = number;
    this.#patience = patience;
    this.#deps = deps;
    const [rtp, rtcp] = [new SecureSocket(sockets.rtp), new SecureSocket(sockets.rtcp)];
    this.#sockets = { rtp, rtcp };
    this.#near = new Near(number, deps.report);
    this.#taps = new Taps(number, deps);
    this.#digits = new DigitsOut((sending) => this.#sent(sending));
    this.#outbound = new Outbound(rtp, deps.random);
    this.#inbound = new Inbound(rtp, {
      sound: (header, bytes) => this.#offer(header, bytes),
      event: (header, bytes, clockRate) => this.#keys.packet(header, bytes, clockRate),
      rtcp: (bytes, length, arrivedAt) => this.#rtcp.take(bytes, length, rtp.elapsedSince(arrivedAt)),
      found: (farEnd) => this.#rtcp.found(farEnd, this.#agreement?.rtcpMux ?? false),
    });
    this.#rtcp = new RtcpExchange({
      ...this.#sockets,
      outbound: this.#outbound,
      reception: this.#inbound.reception,
      heard: () => this.#inbound.heard(),
      clock: deps.clock,
      random: deps.random,
    });
  }

  /** Does as it is told, between two beats. */
  do(command: SessionCommand): void {
    // Until it is known what follows from it, no packet goes through.
    this.#seat.passes = null;
    switch (command.do) {
      case 'play':
      case 'sound':
      case 'no_more':
      case 'stop_play':
        this.#near.player.do(command);
        break;
      case 'tap':
      case 'pause_tap':
      case 'resume_tap':
      case 'stop_tap':
        this.#taps.do(command);
        break;
      case 'stream':
      case 'stream_play':
      case 'stream_clear':
      case 'stream_mark':
      case 'end_stream':
        this.#near.streams.do(command);
        break;
      default:
        this.#turn(command);
    }
  }

  /** The first half of a beat: takes the next frame of the far end, and says it in the room. */
  receive(beat: number, stale: boolean, overdue: number): void {
    this.#lastBeat = beat;
    this.#seat.passes = this.#place && !stale && this.#isPlain ? this.#agreement!.codec.name : null;
    this.#inbound.receive(overdue);
    if (this.#patience > 0 && this.#inbound.isQuiet(this.#patience))
      this.#deps.report({ told: 'quiet', session: this.number });
    this.#inbound.jitter.pull(this.#far);
    this.#keys.beat(this.#far);
    if (!this.#place) return;
    const seat = this.#seat;
    seat.said = this.#speaks && !this.#place.muted && !isSilent(this.#far) ? this.#far : null;
    seat.saidKept = this.#redacted || this.#withheld ? null : seat.said;
    seat.listens = !this.#muted.read && !this.#near.held;
  }

  /** The room that it is in. Then `send` waits until the rooms are mixed. */
  get room(): Room | null {
    return this.#place?.room ?? null;
  }

  /**
   * The second half: sends what the far end is to hear. A stale beat sends nothing: what plays waits, its timestamps
   * pass, and taps and streams get silence, which is what the far end hears meanwhile.
   */
  send(beat: number, stale: boolean): void {
    const kept = stale ? this.#rest() : this.#sendFrame(beat);
    this.#taps.write(this.#far, kept);
    const inbound = this.#speaks && !this.#redacted ? this.#far : SILENCE;
    this.#near.streams.tell(this.#deps.streamed, inbound, kept);
    if (stale) return;
    this.#near.sent();
    this.#digits.sent();
    this.#rtcp.beat(beat);
  }

  /** Ends the flow at once; resolves when the taps are closed too. */
  async close(): Promise<void> {
    this.#leave();
    const tapsClosed = this.#taps.end('closed');
    const { rtp, rtcp } = this.#sockets;
    // Each is tried, whatever becomes of the others: a socket that stays open keeps its port.
    for (const step of [() => this.#rtcp.end(this.#lastBeat), () => rtp.close(), () => rtcp.close()])
      guarded('media.close', step)();
    await tapsClosed;
    this.#deps.report({ told: 'closed', session: this.number, report: this.#reportAtEnd() });
  }

  /** Whether anybody is to hear the far end. */
  get #speaks(): boolean {
    return !this.#muted.write && !this.#near.held;
  }

  #turn(command: TurnCommand): void {
    if (command.do === 'connect') this.#connect(command.agreement);
    else if (command.do === 'enter') this.#enter(command.room, command.muted);
    else if (command.do === 'leave') this.#leave();
    else if (command.do === 'hold') this.#near.hold(command.music);
    else if (command.do === 'mute') this.#muted = command;
    else if (command.do === 'redact') this.#redact(command.on);
    else if (command.do === 'withhold') this.#withheld = command.on;
    else if (command.do === 'listen') this.#keys.listen(command.on);
    else if (command.do === 'signaled') this.#keys.signaled(command.digit);
    else if (command.do === 'stop_digits') this.#digits.stop(command.sending);
    else this.#digits.press(command.digits, command.sending, this.#redacted);
  }

  #redact(on: boolean): void {
    this.#redacted = on;
    this.#taps.redact(on);
  }

  #connect(agreement: AudioAgreement): void {
    if (JSON.stringify(agreement) === JSON.stringify(this.#agreement)) return;
    if (JSON.stringify(agreement.srtp) !== JSON.stringify(this.#agreement?.srtp)) this.#secure(agreement);
    if (agreement.codec.name !== this.#agreement?.codec.name) this.#codec = openCodec(agreement.codec.name);
    this.#agreement = agreement;
    this.#inbound.agree(agreement, this.#codec);
    this.#outbound.agree(this.#codec);
    this.#keys.agree(agreement);
    this.#digits.events.clockRate = agreement.telephoneEvent?.clockRate ?? SAMPLE_RATE;
  }

  #secure({ srtp }: AudioAgreement): void {
    const { rtp, rtcp } = this.#sockets;
    rtp.protection = rtcp.protection = srtp ? new Protection(srtp, rtp.protection) : null;
  }

  #enter(name: string, muted: boolean): void {
    if (this.#place?.name !== name) this.#leave();
    this.#place = { name, room: this.#deps.rooms.enter(name, this.#seat), muted };
  }

  #leave(): void {
    if (this.#place) this.#deps.rooms.leave(this.#place.name, this.#seat);
    this.#place = null;
  }

  /** A key is passed on to the partner where it is not part of the sound. */
  #heard(digit: Digit, source: KeySource): void {
    this.#deps.report({ told: 'digit', session: this.number, digit });
    if (source === 'tones' || !this.#speaks || !this.#place || this.#place.muted) return;
    const partner = this.#place.room.partner(this.#seat);
    if (partner?.listens) partner.bring.key(digit.digit, this.#redacted || this.#withheld);
  }

  /**
   * Whether packets can go through as they are: nobody hears them here, and nothing else is heard. Not so with G.711,
   * which loses nothing by being decoded and costs next to nothing.
   */
  get #isPlain(): boolean {
    const agreement = this.#agreement;
    if (!agreement?.telephoneEvent || agreement.direction !== 'sendrecv' || agreement.remote.port === 0)
      return false;
    const isNarrow = agreement.codec.name === 'PCMU' || agreement.codec.name === 'PCMA';
    const isMuted = this.#muted.read || this.#muted.write || this.#place?.muted;
    return !isNarrow && !isMuted && this.#near.isPlain && this.#digits.idle && !this.#taps.any;
  }

  /** A packet has come in, that the partner may pass on. */
  #offer(header: RtpHeader, bytes: Buffer): void {
    this.#counterpart?.bring.packet(header, bytes, this.#lastBeat);
  }

  /** The partner, where packets go to and fro as they are. */
  get #counterpart(): Seat | undefined {
    const { passes } = this.#seat;
    const partner = passes ? this.#place?.room.partner(this.#seat) : undefined;
    return partner?.passes === passes ? partner : undefined;
  }

  #pass(header: RtpHeader, bytes: Buffer, beat: number): void {
    if (this.#agreement) this.#outbound.pass(header, bytes, beat, this.#agreement.codec.payloadType);
  }

  #sent(sending: number): void {
    if (sending !== PASSED_ON) this.#deps.report({ told: 'digits_sent', session: this.number, sending });
  }

  #sendFrame(beat: number): Int16Array {
    // What is played before there is a far end would be lost.
    if (!this.#agreement) return SILENCE;
    this.#near.pull(this.#seat.heard, this.#seat.heardKept);
    return this.#transmit(beat, this.#agreement);
  }

  #rest(): Int16Array {
    this.#outbound.rest();
    return SILENCE;
  }

  /** @returns what may be kept of what went out. */
  #transmit(beat: number, { direction, remote, telephoneEvent, codec }: AudioAgreement): Int16Array {
    const outbound = this.#outbound;
    const key = this.#digits.beat(telephoneEvent !== null, outbound.timestamp(beat));
    if ((direction !== 'sendrecv' && direction !== 'sendonly') || remote.port === 0) return this.#rest();
    if (key === 'event' && telephoneEvent) {
      outbound.sendEvent(this.#digits.events, telephoneEvent.payloadType);
      return SILENCE;
    }
    if (outbound.passes(beat) && this.#counterpart) return this.#near.kept;
    outbound.endPassing();
    outbound.send(key ? this.#digits.frame : this.#near.frame, beat, this.#codec, codec.payloadType);
    if (!key) return this.#near.kept;
    return this.#digits.secret || this.#redacted ? SILENCE : this.#digits.frame;
  }

  #reportAtEnd(): AudioReport {
    const { jitter, reception } = this.#inbound;
    const { farEnd } = this.#rtcp;
    return {
      packetsSent: this.#outbound.packets,
      packetsReceived: jitter.counters.received,
      packetsLost: jitter.lost,
      jitterMs: reception.jitterMs,
      ...(farEnd && { farEnd }),
    };
  }
}
