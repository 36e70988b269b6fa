import type { Clock, Random } from '../../kit/index.ts';
import type { RtpSocket } from '../../net/index.ts';
import type { AudioAgreement, AudioReport, Digit, TapOptions } from '../audio.ts';
import { TelephoneEventReceiver } from '../dtmf/event-receiver.ts';
import { ToneDetector } from '../dtmf/tone-detector.ts';
import { FRAME_SAMPLES } from '../frame.ts';
import type { Command, Report, SessionCommand } from '../protocol.ts';
import { FileTap, type TapGround } from './file-tap.ts';
import { Inbound } from './inbound.ts';
import { Outbound } from './outbound.ts';
import { Player } from './player.ts';
import { RtcpExchange } from './rtcp-exchange.ts';

/** What all sessions of a thread share. */
export interface SessionGround extends TapGround {
  clock: Clock;
  random: Random;
  report: (report: Report) => void;
}

const SILENCE = new Int16Array(FRAME_SAMPLES);

/** One stream of sound both ways: every 20 ms a frame comes in, a frame goes out, and the taps get both. */
export class MediaSession {
  readonly number: number;
  #ground: SessionGround;
  #player: Player;
  #sockets: { rtp: RtpSocket; rtcp: RtpSocket };
  #inbound: Inbound;
  #outbound: Outbound;
  #rtcp: RtcpExchange;
  #lastBeat = 0;
  #agreement: AudioAgreement | undefined;
  #taps: FileTap[] = [];
  #redacted = false;
  #events = new TelephoneEventReceiver((digit) => this.#heard(digit));
  #tones = new ToneDetector((digit) => this.#heard(digit));
  #far = new Int16Array(FRAME_SAMPLES);
  #near = new Int16Array(FRAME_SAMPLES);

  constructor(number: number, sockets: { rtp: RtpSocket; rtcp: RtpSocket }, ground: SessionGround) {
    this.number = number;
    this.#ground = ground;
    this.#sockets = sockets;
    this.#player = new Player(number, ground.report);
    this.#outbound = new Outbound(sockets.rtp, ground.random);
    this.#inbound = new Inbound(sockets.rtp, {
      event: (header, bytes) => this.#events.receive(header, bytes),
      rtcp: (bytes, length) => this.#rtcp.take(bytes, length),
      found: (farEnd) => this.#rtcp.found(farEnd, this.#agreement?.rtcpMux ?? false),
    });
    this.#rtcp = new RtcpExchange({
      ...sockets,
      outbound: this.#outbound,
      reception: this.#inbound.reception,
      clock: ground.clock,
      random: ground.random,
    });
  }

  /** Does as it is told, between two beats. */
  do(command: SessionCommand): void {
    switch (command.do) {
      case 'connect':
        this.#connect(command.agreement);
        break;
      case 'play':
        this.#player.start(command.play);
        break;
      case 'sound':
        this.#player.add(command.play, command.samples);
        break;
      case 'no_more':
        this.#player.noMore(command.play);
        break;
      case 'stop_play':
        this.#player.stop(command.play);
        break;
      case 'redact':
        this.#redact(command.on);
        break;
      case 'tap':
        this.#tap(command.tap, command.options);
        break;
      case 'stop_tap':
        this.#tapOf(command.tap)?.end('stopped');
        break;
      default:
        this.#turnTap(command);
    }
  }

  beat(beat: number): void {
    this.#lastBeat = beat;
    this.#inbound.receive();
    this.#inbound.jitter.pull(this.#far);
    this.#listen();
    // What is played before there is a far end would be lost.
    if (this.#agreement) this.#player.pull(this.#near);
    const sent = this.#send(beat);
    for (const tap of this.#taps) tap.write(this.#far, sent ? this.#near : SILENCE);
    this.#player.sent();
    this.#rtcp.beat(beat);
  }

  /** Ends the flow at once; resolves when the taps are closed too. */
  async close(): Promise<void> {
    for (const tap of this.#taps) tap.end('closed');
    this.#rtcp.end(this.#lastBeat);
    this.#sockets.rtp.close();
    this.#sockets.rtcp.close();
    await Promise.all(this.#taps.map((tap) => tap.closed));
    this.#ground.report({ told: 'closed', session: this.number, report: this.#reportAtEnd() });
  }

  #connect(agreement: AudioAgreement): void {
    if (JSON.stringify(agreement) === JSON.stringify(this.#agreement)) return;
    this.#agreement = agreement;
    this.#inbound.agree(agreement);
  }

  #redact(on: boolean): void {
    this.#redacted = on;
    for (const tap of this.#taps) tap.redact(on);
  }

  #tap(tap: number, options: TapOptions): void {
    const file = new FileTap(this.number, tap, options, this.#ground);
    if (this.#redacted) file.redact(true);
    this.#taps.push(file);
    void file.closed.then(() => {
      this.#taps = this.#taps.filter((other) => other !== file);
    });
  }

  #turnTap(command: Extract<Command, { do: 'pause_tap' | 'resume_tap' }>): void {
    const tap = this.#tapOf(command.tap);
    if (command.do === 'pause_tap') tap?.pause(command.mode);
    else tap?.resume();
    this.#ground.report({ told: 'tap_turned', session: this.number, tap: command.tap });
  }

  #tapOf(tap: number): FileTap | undefined {
    return this.#taps.find((file) => file.tap === tap);
  }

  #listen(): void {
    if (this.#agreement?.telephoneEvent) this.#events.beat();
    else if (this.#agreement) this.#tones.listen(this.#far);
  }

  #heard(digit: Digit): void {
    this.#ground.report({ told: 'digit', session: this.number, digit });
  }

  #send(beat: number): boolean {
    const agreement = this.#agreement;
    const sends = agreement?.direction === 'sendrecv' || agreement?.direction === 'sendonly';
    if (!agreement || !sends || agreement.remote.port === 0) {
      this.#outbound.rest();
      return false;
    }
    this.#outbound.send(this.#near, beat, this.#inbound.law, agreement.codec.payloadType);
    return true;
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
