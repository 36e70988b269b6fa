import { Failure } from '../kit/index.ts';
import type { Audio } from '../media/index.ts';
import { type AudioAgreement, acceptAnswer, answerOffer, createOffer } from '../sdp/index.ts';

const CODECS = ['PCMU', 'PCMA', 'G722', 'opus'] as const;

/** The offers and answers of one leg (RFC 3264), and what they make of its audio. */
export class Negotiation {
  #audio: Audio;
  #address: string;
  #sessionId: number;
  /** Our description as it was last sent: an answer, or an offer that waits for one. */
  #sent: string | undefined;
  #agreement: AudioAgreement | undefined;

  /**
   * @param address what the far end is to send RTP to.
   * @param offer the far end's; without one we offer, and the answer comes with the ACK.
   * Fails with `not_acceptable` or `invalid_sdp`.
   */
  constructor(audio: Audio, address: string, sessionId: number, offer: string | undefined) {
    this.#audio = audio;
    this.#address = address;
    this.#sessionId = sessionId;
    this.#sent = offer === undefined ? this.#offer() : this.#answer(offer);
  }

  /** What the 200 to the INVITE carries. */
  get description(): string {
    return this.#sent ?? '';
  }

  /** Lets the sound flow as far as is agreed. */
  connect(): void {
    if (this.#agreement) this.#audio.connect(this.#agreement);
  }

  /** A re-INVITE or UPDATE: an offer is answered, one without an offer gets ours. */
  reoffered(offer: string | undefined): string {
    const description = offer === undefined ? this.#offer() : this.#answer(offer);
    this.#sent = description;
    if (offer !== undefined) this.connect();
    return description;
  }

  /** The answer to an offer of ours. */
  answered(answer: string): void {
    this.#agreement = acceptAnswer(this.description, answer);
    this.connect();
  }

  #offer(): string {
    return createOffer({ ...this.#local(), telephoneEvent: true, direction: 'sendrecv' });
  }

  #answer(offer: string): string {
    const { sdp, agreement } = answerOffer(offer, this.#local());
    if (agreement.remote.port === 0) throw new Failure('not_acceptable', 'The offer has no audio in it.');
    this.#agreement = agreement;
    return sdp;
  }

  #local() {
    const { port } = this.#audio.local;
    const [address, sessionId, previous] = [this.#address, this.#sessionId, this.#sent];
    return { address, port, sessionId, version: 0, previous, codecs: [...CODECS] };
  }
}
