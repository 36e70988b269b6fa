import { detach } from '../../core/index.ts';
import { cseqOf, type ExtraHeaders, hasOption, type SipRequest, type SipResponse } from '../message/index.ts';
import type { InviteServerTransaction, ServerTransaction } from '../transaction/index.ts';
import { reply, type UaContext } from '../ua-context.ts';
import { Retransmitter } from './retransmitter.ts';

/** Receives the acknowledgment of reliable provisional responses, or its absence. */
export interface ProvisionalUser {
  /** A PRACK has arrived for a response, and must be answered. */
  acknowledged(prack: ServerTransaction, response: SipResponse): void;
  /** No PRACK within 64 × T1; the INVITE should be refused (RFC 3262 §3). */
  timedOut(): void;
}

/** Sends our provisional responses to an INVITE reliably, each until its PRACK (RFC 3262 §3). */
export class ReliableProvisionals {
  #ua: UaContext;
  #transaction: InviteServerTransaction;
  #user: ProvisionalUser;
  #rseq: number;
  #queue: SipResponse[] = [];
  #sent: { rseq: number; response: SipResponse; retransmitter: Retransmitter } | undefined;
  #waiting: (() => void)[] = [];

  constructor(ua: UaContext, transaction: InviteServerTransaction, user: ProvisionalUser) {
    this.#ua = ua;
    this.#transaction = transaction;
    this.#user = user;
    // RFC 3262 §3: from 1 to 2**31 - 1, and incremented for each response.
    this.#rseq = 1 + Math.floor(ua.random.float() * 2 ** 30);
  }

  send(response: SipResponse): void {
    this.#queue.push(response);
    if (!this.#sent) this.#next();
  }

  /** Resolves when no response with a session description waits for its PRACK (RFC 3262 §5). */
  descriptionsAcknowledged(): Promise<void> {
    const waits = [this.#sent?.response, ...this.#queue].some((each) => each && each.body.length > 0);
    return waits ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  receive(prack: ServerTransaction): void {
    const [rseq, seq, method] = (prack.request.headers.get('RAck') ?? '').split(/\s+/);
    const sent = this.#sent;
    const invite = cseqOf(this.#transaction.request);
    const matches = Number(rseq) === sent?.rseq && Number(seq) === invite.number && method === 'INVITE';
    if (!sent || !matches) {
      reply(this.#ua, prack, 481, { why: 'No response waits for this PRACK' });
      return;
    }
    sent.retransmitter.stop();
    this.#sent = undefined;
    this.#user.acknowledged(prack, sent.response);
    this.#next();
  }

  /** Stops all retransmission, because the INVITE has its final response. */
  stop(): void {
    this.#queue = [];
    this.#sent?.retransmitter.stop();
    this.#resolveWaiting();
  }

  #next(): void {
    const response = this.#queue.shift();
    if (!response) {
      this.#resolveWaiting();
      return;
    }
    const rseq = this.#rseq++;
    response.headers.append('Require', '100rel').append('RSeq', String(rseq));
    this.#transaction.respond(response);
    const retransmitter = new Retransmitter(this.#ua, {
      longestMs: Number.POSITIVE_INFINITY,
      retransmit: () => this.#transaction.retransmit(),
      timedOut: () => {
        this.stop();
        this.#user.timedOut();
      },
    });
    this.#sent = { rseq, response, retransmitter };
  }

  #resolveWaiting(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** The dialog that PRACKs are sent in. */
interface PrackDialog {
  request(method: string, headers: ExtraHeaders): Promise<SipResponse>;
}

/** Acknowledges the reliable provisional responses to one INVITE of ours, in order (RFC 3262 §4). */
export class PrackClient {
  #dialog: PrackDialog;
  #lastRseq: number | undefined;

  constructor(dialog: PrackDialog) {
    this.#dialog = dialog;
  }

  /** Sends a PRACK if required. @returns false for a response to ignore: a retransmission, or one out of order. */
  accept(response: SipResponse, invite: SipRequest): boolean {
    if (!isReliable(response)) return true;
    const rseq = Number(response.headers.get('RSeq'));
    if (this.#lastRseq !== undefined && rseq !== this.#lastRseq + 1) return false;
    this.#lastRseq = rseq;
    detach(
      'sip.prack-client',
      this.#dialog.request('PRACK', [['RAck', `${rseq} ${cseqOf(invite).number} INVITE`]]),
    );
    return true;
  }
}

/** Whether a response requires a PRACK; one without a readable RSeq cannot be acknowledged. */
const isReliable = (response: SipResponse): boolean =>
  hasOption(response, 'Require', '100rel') && /^\d{1,10}$/.test(response.headers.get('RSeq') ?? '');
