import { type Codec, openCodec, SAMPLE_RATE } from '../../audio/index.ts';
import type { Random } from '../../core/index.ts';
import type { RtpSocket } from '../../net/index.ts';
import type { RtpHeader } from '../../rtp/index.ts';
import type { AudioAgreement } from '../agreement.ts';
import { DigitsOut } from './digits-out.ts';
import { Outbound } from './outbound.ts';
import { type Output, SILENCE } from './output.ts';

/** Decides what goes to the far end in each beat: digits, relayed packets, or the output. */
export class Transmitter {
  readonly outbound: Outbound;
  readonly digits = new DigitsOut();
  /** The codec that is agreed on first. */
  codec: Codec = openCodec('PCMU');
  #agreement: AudioAgreement | undefined;

  constructor(socket: RtpSocket, random: Random) {
    this.outbound = new Outbound(socket, random);
  }

  agree(agreement: AudioAgreement): void {
    if (agreement.codec.name !== this.#agreement?.codec.name) this.codec = openCodec(agreement.codec.name);
    this.#agreement = agreement;
    this.outbound.agree(this.codec);
    this.digits.events.clockRate = agreement.telephoneEvent?.clockRate ?? SAMPLE_RATE;
  }

  /**
   * Whether packets of a mixer partner could be sent unchanged. Not so with G.711, which decoding does not degrade and
   * which costs next to nothing to decode.
   */
  get canRelay(): boolean {
    const agreement = this.#agreement;
    if (!agreement?.telephoneEvent || agreement.direction !== 'sendrecv' || agreement.remote.port === 0)
      return false;
    return agreement.codec.name !== 'PCMU' && agreement.codec.name !== 'PCMA' && this.digits.idle;
  }

  /** Sends a packet of the mixer partner as it is. */
  relay(header: RtpHeader, bytes: Buffer, beat: number): void {
    if (this.#agreement) this.outbound.relay(header, bytes, beat, this.#agreement.codec.payloadType);
  }

  /** Sends nothing in this beat. @returns what taps and streams get. */
  rest(): Int16Array {
    this.outbound.rest();
    return SILENCE;
  }

  /**
   * Sends the frame of this beat. @param isRelaying whether the mixer partner relays its packets.
   * @returns what taps and streams get.
   */
  send(beat: number, output: Output, isRelaying: boolean, isRedacted: boolean): Int16Array {
    const { outbound, digits } = this;
    if (!this.#agreement) return SILENCE;
    const { direction, remote, telephoneEvent, codec } = this.#agreement;
    const key = digits.beat(telephoneEvent !== null, outbound.timestamp(beat));
    if ((direction !== 'sendrecv' && direction !== 'sendonly') || remote.port === 0) return this.rest();
    if (key === 'event' && telephoneEvent) {
      outbound.sendEvent(digits.events, telephoneEvent.payloadType);
      return SILENCE;
    }
    if (outbound.isRelaying(beat) && isRelaying) return output.recorded;
    outbound.endRelaying();
    outbound.send(key ? digits.frame : output.frame, beat, this.codec, codec.payloadType);
    if (!key) return output.recorded;
    return digits.isSecret || isRedacted ? SILENCE : digits.frame;
  }
}
