import type { Random } from '../core/index.ts';
import type { Sound } from '../media/index.ts';
import { isPrivateFromPublicPeer } from '../net/index.ts';
import { type AudioAgreement, acceptAnswer, answerOffer, createOffer, PayloadTypes } from '../sdp/index.ts';

const CODECS = ['PCMU', 'PCMA', 'G722', 'opus'] as const;

/** What is negotiated with, and about what. */
export interface NegotiationParts {
  sound: Sound;
  /** What the far end is to send RTP to. */
  address: string;
  random: Random;
  /** The far end's; without one we offer, and the answer comes with the ACK. */
  offer?: string | undefined;
  /** The address that its signalling comes from; undefined: it is not known yet. */
  peer?: string | undefined;
}

/** A state of the negotiation with one dialog. */
export interface Agreed {
  sent: string | undefined;
  agreement: AudioAgreement | undefined;
  secure: boolean;
  peer: string | undefined;
}

/** The offers and answers of one leg (RFC 3264), and what they make of its audio. */
export class Negotiation {
  #sound: Sound;
  #address: string;
  #peer: string | undefined;
  #sessionId: number;
  /** Our description as it was last sent: an answer, or an offer that waits for one. */
  #sent: string | undefined;
  #agreement: AudioAgreement | undefined;
  #payloadTypes = new PayloadTypes();
  /** One for the whole call: the stream that it encrypts goes on through all changes. */
  #srtpKey: string;
  #secure = false;
  /** A caller hears its own ringing until we answer: no sound goes out before. */
  #flows = false;

  /** Fails with `not_acceptable` or `invalid_sdp`. */
  constructor({ sound, address, random, offer, peer }: NegotiationParts) {
    this.#sound = sound;
    this.#address = address;
    this.#peer = peer;
    this.#sessionId = 1 + Math.floor(random.float() * 0x7fffffff);
    this.#srtpKey = random.bytes(30).toString('base64');
    this.#sent = offer === undefined ? this.#offer() : this.#answer(offer);
  }

  /** What the 200 to the INVITE carries. */
  get description(): string {
    return this.#sent ?? '';
  }

  /** Lets the sound flow as far as is agreed, now and after every change. */
  connect(): void {
    this.#flows = true;
    if (this.#agreement) this.#sound.connect(this.#placed(this.#agreement));
  }

  /** Offers anew, to somebody else. @param secure only encrypted sound will do. */
  offered(secure: boolean): string {
    this.#secure = secure;
    // RFC 3261 §13.2.1: a callee may send sound before it answers.
    this.#flows = true;
    this.#payloadTypes = new PayloadTypes();
    this.#sent = this.#offer();
    return this.#sent;
  }

  /**
   * A re-INVITE, UPDATE or PRACK: an offer is answered, one without an offer gets ours.
   * @param peer where it came from, when that is not known.
   */
  reoffered(offer: string | undefined, peer = this.#peer): string {
    const description = offer === undefined ? this.#offer() : this.#answer(offer);
    this.#sent = description;
    this.#peer = peer;
    if (offer !== undefined && this.#flows) this.connect();
    return description;
  }

  /**
   * The answer to an offer of ours.
   * @param peer where it came from, when that is not known. @param offer the one that it answers; the last one when
   * left out.
   */
  answered(answer: string, peer = this.#peer, offer = this.description): void {
    this.#agreement = acceptAnswer(offer, answer, this.#payloadTypes);
    this.#secure = this.#agreement.srtp !== undefined;
    this.#sent = offer;
    this.#peer = peer;
    if (this.#flows) this.connect();
  }

  /** What has been agreed on, to come back to it when another early dialog has agreed on something else meanwhile. */
  get agreed(): Agreed {
    return { sent: this.#sent, agreement: this.#agreement, secure: this.#secure, peer: this.#peer };
  }

  /** Goes on with what was agreed on before. */
  resume({ sent, agreement, secure, peer }: Agreed): void {
    this.#sent = sent;
    this.#agreement = agreement;
    this.#secure = secure;
    this.#peer = peer;
    this.connect();
  }

  #offer(): string {
    const srtpKey = this.#secure ? this.#srtpKey : undefined;
    const payloadTypes = this.#payloadTypes;
    const tagBytes = this.#agreement?.srtp?.tagBytes;
    const parts = { srtpKey, tagBytes, payloadTypes, telephoneEvent: true, direction: 'sendrecv' } as const;
    return createOffer({ ...this.#local(), ...parts });
  }

  #answer(offer: string): string {
    const parts = { srtpKey: this.#srtpKey, payloadTypes: this.#payloadTypes };
    const { sdp, agreement } = answerOffer(offer, { ...this.#local(), ...parts });
    this.#agreement = agreement;
    this.#secure = agreement.srtp !== undefined;
    return sdp;
  }

  /**
   * Who is out in the world does not lead our packets into networks of ours: a phone behind NAT that names its own
   * address is sought where its signalling comes from.
   */
  #placed(agreement: AudioAgreement) {
    const peer = this.#peer;
    if (peer === undefined) return agreement;
    const { address, port } = agreement.remote;
    return {
      ...agreement,
      remote: { address: isPrivateFromPublicPeer(address, peer) ? peer : address, port },
      signalledFrom: peer,
    };
  }

  #local() {
    const { port } = this.#sound.local;
    const [address, sessionId, previous] = [this.#address, this.#sessionId, this.#sent];
    return { address, port, sessionId, version: 0, previous, codecs: [...CODECS] };
  }
}
