import type { Random } from '../core/index.ts';
import type { Sound } from '../media/index.ts';
import { isPrivateFromPublicPeer } from '../net/index.ts';
import { type AudioAgreement, acceptAnswer, answerOffer, createOffer, PayloadTypes } from '../sdp/index.ts';

const CODECS = ['PCMU', 'PCMA', 'G722', 'opus'] as const;

export interface NegotiationParts {
  sound: Sound;
  /** The address in our SDP, to which the far end sends RTP. */
  address: string;
  random: Random;
  /** The far end's offer. Undefined: we make the offer, and the answer comes with the ACK. */
  offer?: string | undefined;
  /** The address that the far end's signaling comes from; undefined: not known yet. */
  peer?: string | undefined;
}

/** The state of the negotiation with one dialog. */
export interface NegotiationState {
  sent: string | undefined;
  agreement: AudioAgreement | undefined;
  secure: boolean;
  peer: string | undefined;
}

/** Exchanges offers and answers for one leg (RFC 3264), and connects its audio accordingly. */
export class Negotiation {
  #sound: Sound;
  #address: string;
  #peer: string | undefined;
  #sessionId: number;
  /** Our last session description: an answer, or an offer without an answer yet. */
  #sent: string | undefined;
  #agreement: AudioAgreement | undefined;
  #payloadTypes = new PayloadTypes();
  /** One key for the whole call, because the encrypted stream continues through all changes. */
  #srtpKey: string;
  #secure = false;
  /** Whether audio is sent. A caller's phone plays its own ringing until we answer. */
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

  /** The session description for the 200 to the INVITE. */
  get description(): string {
    return this.#sent ?? '';
  }

  /** Connects the audio as agreed, now and after every change. */
  connect(): void {
    this.#flows = true;
    if (this.#agreement) this.#sound.connect(this.#withReachableAddress(this.#agreement));
  }

  /** Makes a new offer for another far end. @param secure whether media must be encrypted. */
  makeOffer(secure: boolean): string {
    this.#secure = secure;
    // RFC 3261 §13.2.1: a callee may send audio before it answers.
    this.#flows = true;
    this.#payloadTypes = new PayloadTypes();
    this.#sent = this.#offer();
    return this.#sent;
  }

  /**
   * Handles a re-INVITE, UPDATE or PRACK: answers its offer, or makes an offer if it has none.
   * @param peer where the request came from, if that is not known yet.
   */
  answerOffer(offer: string | undefined, peer = this.#peer): string {
    const description = offer === undefined ? this.#offer() : this.#answer(offer);
    this.#sent = description;
    this.#peer = peer;
    if (offer !== undefined && this.#flows) this.connect();
    return description;
  }

  /**
   * Takes the answer to an offer of ours.
   * @param peer where the answer came from, if that is not known yet.
   * @param offer the answered offer; default: the last one.
   */
  takeAnswer(answer: string, peer = this.#peer, offer = this.description): void {
    this.#agreement = acceptAnswer(offer, answer, this.#payloadTypes);
    this.#secure = this.#agreement.srtp !== undefined;
    this.#sent = offer;
    this.#peer = peer;
    if (this.#flows) this.connect();
  }

  /** The current state, for `restore` after another early dialog has replaced it. */
  get state(): NegotiationState {
    return { sent: this.#sent, agreement: this.#agreement, secure: this.#secure, peer: this.#peer };
  }

  /** Restores an earlier state. */
  restore({ sent, agreement, secure, peer }: NegotiationState): void {
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
   * Replaces a private RTP address from a peer on the public internet by the address of the peer's signaling. The phone
   * is behind NAT, and a public peer must not direct our packets into private networks.
   */
  #withReachableAddress(agreement: AudioAgreement) {
    const peer = this.#peer;
    if (peer === undefined) return agreement;
    const { address, port } = agreement.remote;
    return {
      ...agreement,
      remote: { address: isPrivateFromPublicPeer(address, peer) ? peer : address, port },
      signaledFrom: peer,
    };
  }

  #local() {
    const { port } = this.#sound.local;
    const [address, sessionId, previous] = [this.#address, this.#sessionId, this.#sent];
    return { address, port, sessionId, version: 0, previous, codecs: [...CODECS] };
  }
}
