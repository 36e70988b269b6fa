import type { SipRequest } from '../message/index.ts';
import type { InviteOptions, OutgoingInvite } from '../outgoing-invite.ts';
import { ANSWER, OFFER, type Pair, pair } from './pair.ts';
import { Peer } from './peer.ts';

/** A peer that alice calls, step by step. */
export class Callee {
  readonly both: Pair;
  readonly peer: Peer;

  static async open(): Promise<Callee> {
    const both = await pair({ sessionExpires: 1800 });
    return new Callee(both, await Peer.on(both));
  }

  private constructor(both: Pair, peer: Peer) {
    this.both = both;
    this.peer = peer;
  }

  wait(ms: number): Promise<void> {
    return this.both.clock.advance(ms);
  }

  call(options: Partial<InviteOptions> = {}): OutgoingInvite {
    const usual = { target: 'sip:peer@10.0.0.9', from: 'sip:alice@10.0.0.1', sdp: OFFER };
    return this.both.alice.invite({ ...usual, ...options });
  }

  /** A call whose INVITE has arrived. */
  async ringing(options: Partial<InviteOptions> = {}) {
    const outgoing = this.call(options);
    await this.wait(10);
    return { outgoing, invite: this.peer.requests('INVITE')[0]! };
  }

  /** Answers a request of alice's, and lets that arrive. */
  async respond(...parts: Parameters<Peer['response']>): Promise<void> {
    this.peer.send(this.peer.response(...parts), '10.0.0.1');
    await this.wait(10);
  }

  /** A call that is up, with the peer's tag `x`. */
  async talking(headers: Record<string, string> = {}) {
    const { outgoing, invite } = await this.ringing();
    await this.respond(invite, 200, 'x', headers, ANSWER);
    const result = await outgoing.result;
    if (result.kind !== 'accepted') throw new Error(result.reason);
    return { ...result, invite };
  }

  /** Sends alice a request inside the call that `invite` has made. */
  async ask(invite: SipRequest, method: string, seq: number, body = ''): Promise<void> {
    const headers = {
      From: '<sip:peer@10.0.0.9>;tag=x',
      To: invite.headers.get('From')!,
      'Call-ID': invite.headers.get('Call-ID')!,
      CSeq: `${seq} ${method}`,
    };
    this.peer.send(this.peer.request(method, headers, body), '10.0.0.1');
    await this.wait(10);
  }
}
