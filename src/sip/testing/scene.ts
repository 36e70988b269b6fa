import type { Dialog } from '../dialog/index.ts';
import type { IncomingInvite } from '../incoming-invite.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import { ANSWER, OFFER, type Pair, pair } from './pair.ts';
import { Peer } from './peer.ts';

/** A peer that calls bob, step by step. */
export class Scene {
  readonly both: Pair;
  readonly peer: Peer;

  static async open(): Promise<Scene> {
    const both = await pair();
    return new Scene(both, await Peer.on(both));
  }

  private constructor(both: Pair, peer: Peer) {
    this.both = both;
    this.peer = peer;
  }

  wait(ms: number): Promise<void> {
    return this.both.clock.advance(ms);
  }

  /** The call that bob was offered last. */
  get invited(): IncomingInvite {
    return this.both.invites.at(-1)!;
  }

  /** What bob answered last to a method. */
  last(method = 'INVITE'): SipResponse {
    return this.peer.responses(method).at(-1)!;
  }

  statuses(method: string): number[] {
    return this.peer.responses(method).map(({ status }) => status);
  }

  /** Sends a request, and lets it arrive and be answered. */
  async send(request: SipRequest): Promise<void> {
    this.peer.send(request);
    await this.wait(20);
  }

  async invite(headers: Record<string, string> = {}, body = OFFER): Promise<SipRequest> {
    const request = this.peer.request('INVITE', headers, body);
    await this.send(request);
    return request;
  }

  /** A call that bob has accepted; there was no ACK. */
  async answered(
    headers: Record<string, string> = {},
    body = OFFER,
  ): Promise<{ dialog: Dialog; ok: SipResponse }> {
    await this.invite(headers, body);
    const dialog = await this.invited.accept(ANSWER);
    await this.wait(20);
    return { dialog, ok: this.last() };
  }

  /** A call that is up. */
  async talking(headers: Record<string, string> = {}): Promise<{ dialog: Dialog; ok: SipResponse }> {
    const { dialog, ok } = await this.answered(headers);
    await this.send(this.peer.within(ok, 'ACK', 1));
    return { dialog, ok };
  }
}
