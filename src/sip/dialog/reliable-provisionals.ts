import type { Core } from '../core.ts';
import { cseqOf, type SipResponse } from '../message/index.ts';
import { reply } from '../reply.ts';
import type { InviteServerTransaction, ServerTransaction } from '../transaction/index.ts';
import { Unacknowledged } from './unacknowledged.ts';

/** What the owner of reliable provisional responses is told. */
export interface ProvisionalUser {
  /** A PRACK came for a response; answer it. */
  acknowledged(prack: ServerTransaction, response: SipResponse): void;
  /** RFC 3262 §3: no PRACK in 64 × T1; the INVITE should be refused. */
  unacknowledged(): void;
}

/** RFC 3262 §3: provisional responses of ours to one INVITE, each repeated until its PRACK, one at a time. */
export class ReliableProvisionals {
  #core: Core;
  #transaction: InviteServerTransaction;
  #user: ProvisionalUser;
  #rseq: number;
  #queue: SipResponse[] = [];
  #sent: { rseq: number; response: SipResponse; repetition: Unacknowledged } | undefined;
  #idle: (() => void)[] = [];

  constructor(core: Core, transaction: InviteServerTransaction, user: ProvisionalUser) {
    this.#core = core;
    this.#transaction = transaction;
    this.#user = user;
    // RFC 3262 §3: between 1 and 2**31 - 1, with room to count up.
    this.#rseq = 1 + Math.floor(core.random.float() * 2 ** 30);
  }

  send(response: SipResponse): void {
    this.#queue.push(response);
    if (!this.#sent) this.#next();
  }

  /** RFC 3262 §5: resolves when no response with a session description waits for its PRACK. */
  descriptionsAcknowledged(): Promise<void> {
    const waits = [this.#sent?.response, ...this.#queue].some((each) => each && each.body.length > 0);
    return waits ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  receive(prack: ServerTransaction): void {
    const [rseq, seq, method] = (prack.request.headers.get('RAck') ?? '').split(/\s+/);
    const sent = this.#sent;
    const invite = cseqOf(this.#transaction.request);
    const matches = Number(rseq) === sent?.rseq && Number(seq) === invite.number && method === 'INVITE';
    if (!sent || !matches) {
      reply(this.#core, prack, 481, { why: 'No response waits for this PRACK' });
      return;
    }
    sent.repetition.stop();
    this.#sent = undefined;
    this.#user.acknowledged(prack, sent.response);
    this.#next();
  }

  /** The INVITE has its final response; nothing is repeated any more. */
  stop(): void {
    this.#queue = [];
    this.#sent?.repetition.stop();
    this.#settle();
  }

  #next(): void {
    const response = this.#queue.shift();
    if (!response) {
      this.#settle();
      return;
    }
    const rseq = this.#rseq++;
    response.headers.append('Require', '100rel').append('RSeq', String(rseq));
    this.#transaction.respond(response);
    const repetition = new Unacknowledged(this.#core, {
      longest: Number.POSITIVE_INFINITY,
      repeat: () => this.#transaction.repeat(),
      giveUp: () => {
        this.stop();
        this.#user.unacknowledged();
      },
    });
    this.#sent = { rseq, response, repetition };
  }

  #settle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
