import type { Dialog } from '../dialog/index.ts';
import type { IncomingInvite } from '../incoming-invite.ts';
import type { InviteOptions } from '../invite-builder.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import type { OutgoingInvite } from '../outgoing-invite.ts';
import { ANSWER, OFFER, openPair, type Pair } from './pair.ts';
import { Peer } from './peer.ts';

/** Tests bob as UAS: a scripted peer calls bob, step by step. */
export class UasHarness {
  readonly pair: Pair;
  readonly peer: Peer;

  static async open(): Promise<UasHarness> {
    const pair = await openPair();
    return new UasHarness(pair, await Peer.listen(pair));
  }

  private constructor(pair: Pair, peer: Peer) {
    this.pair = pair;
    this.peer = peer;
  }

  wait(ms: number): Promise<void> {
    return this.pair.clock.advance(ms);
  }

  /** The last call that bob received. */
  get lastInvite(): IncomingInvite {
    return this.pair.invites.at(-1)!;
  }

  /** Bob's last response to a method. */
  lastResponse(method = 'INVITE'): SipResponse {
    return this.peer.responses(method).at(-1)!;
  }

  /** The statuses of bob's responses to a method. */
  statuses(method: string): number[] {
    return this.peer.responses(method).map(({ status }) => status);
  }

  /** Sends a request, and waits until it has arrived and is answered. */
  async send(request: SipRequest): Promise<void> {
    this.peer.send(request);
    await this.wait(20);
  }

  async invite(headers: Record<string, string> = {}, body = OFFER): Promise<SipRequest> {
    const request = this.peer.request('INVITE', headers, body);
    await this.send(request);
    return request;
  }

  /** Starts a call that bob accepts, without sending the ACK. */
  async acceptCall(
    headers: Record<string, string> = {},
    body = OFFER,
  ): Promise<{ dialog: Dialog; ok: SipResponse }> {
    await this.invite(headers, body);
    const dialog = await this.lastInvite.accept(ANSWER);
    await this.wait(20);
    return { dialog, ok: this.lastResponse() };
  }

  /** Establishes a call, including the ACK. */
  async establish(headers: Record<string, string> = {}): Promise<{ dialog: Dialog; ok: SipResponse }> {
    const { dialog, ok } = await this.acceptCall(headers);
    await this.send(this.peer.inDialog(ok, 'ACK', 1));
    return { dialog, ok };
  }
}

/** Tests alice as UAC: alice calls a scripted peer, step by step. */
export class UacHarness {
  readonly pair: Pair;
  readonly peer: Peer;

  static async open(): Promise<UacHarness> {
    const pair = await openPair({ sessionExpires: 1800 });
    return new UacHarness(pair, await Peer.listen(pair));
  }

  private constructor(pair: Pair, peer: Peer) {
    this.pair = pair;
    this.peer = peer;
  }

  wait(ms: number): Promise<void> {
    return this.pair.clock.advance(ms);
  }

  call(options: Partial<InviteOptions> = {}): OutgoingInvite {
    const usual = { target: 'sip:peer@10.0.0.9', from: 'sip:alice@10.0.0.1', sdp: OFFER };
    return this.pair.alice.invite({ ...usual, ...options });
  }

  /** Starts a call, and waits until its INVITE has arrived. */
  async startCall(options: Partial<InviteOptions> = {}) {
    const outgoing = this.call(options);
    await this.wait(10);
    return { outgoing, invite: this.peer.requests('INVITE')[0]! };
  }

  /** Answers a request of alice, and waits until the response has arrived. */
  async respond(...parts: Parameters<Peer['response']>): Promise<void> {
    this.peer.send(this.peer.response(...parts), '10.0.0.1');
    await this.wait(10);
  }

  /** Establishes a call; the peer's tag is `x`. */
  async establish(headers: Record<string, string> = {}) {
    const { outgoing, invite } = await this.startCall();
    await this.respond(invite, 200, 'x', headers, ANSWER);
    const result = await outgoing.result;
    if (result.kind !== 'accepted') throw new Error(result.reason);
    return { ...result, invite };
  }

  /** Sends alice a request within the dialog of `invite`. */
  async sendInDialog(invite: SipRequest, method: string, seq: number, body = ''): Promise<void> {
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
