import { systemRandom } from '../../src/core/index.ts';
import { body, field, type Heard, HOST, RawPeer, sdp, tagOf } from './raw-peer.ts';
import type { World } from './world.ts';

/** What a request says in place of the truth. */
export interface Lies {
  seq?: number;
  toTag?: string;
  fromTag?: string;
  branch?: string;
  headers?: string[];
  body?: string;
  /** The Content-Length. */
  length?: number;
}

const branch = (): string => `z9hG4bK${systemRandom.uuid()}`;

/** A call by a peer by hand, with a dialog whose every field it may lie about. */
export class RawCall {
  readonly peer: RawPeer;
  readonly sip: number;
  readonly callId: string = systemRandom.uuid();
  readonly target: string;
  readonly invite: string;
  readonly #branch = branch();
  theirTag = '';
  seq = 1;

  private constructor(peer: RawPeer, sip: number, number: string, offer: string) {
    this.peer = peer;
    this.sip = sip;
    this.target = `sip:${number}@${HOST}:${sip}`;
    this.invite = this.text('INVITE', { branch: this.#branch, body: offer });
  }

  /** Calls a line, and resolves when the answer is there; nothing was said to that. */
  static async ask(world: World, line: { number: string }): Promise<{ call: RawCall; ok: Heard }> {
    const peer = await RawPeer.open();
    const { port } = world.harness.server.sip;
    const call = new RawCall(peer, port, line.number, sdp(peer.mediaPort));
    peer.send(call.invite, port);
    const ok = await peer.hear('200 INVITE');
    call.theirTag = tagOf(ok, 'To');
    peer.talk(body(ok));
    return { call, ok };
  }

  /** Calls a line as one should: acknowledges the answer, and talks. */
  static async open(world: World, line: { number: string }): Promise<RawCall> {
    const { call } = await RawCall.ask(world, line);
    call.acknowledge();
    return call;
  }

  /** Acknowledges the 2xx of an INVITE. */
  acknowledge(seq = 1): void {
    this.peer.send(this.text('ACK', { seq }), this.sip);
  }

  /** Sends a request in the dialog; @returns the status of its final response. */
  async say(method: string, lies: Lies = {}): Promise<number> {
    const own = lies.branch ?? branch();
    const seq = lies.seq ?? ++this.seq;
    this.peer.send(this.text(method, { ...lies, seq, branch: own }), this.sip);
    return Number((await this.final(own)).what.split(' ')[0]);
  }

  /** The final response to what was sent with this branch. */
  final(own: string): Promise<Heard> {
    const fits = (heard: Heard) => /^[2-6]\d\d /.test(heard.what) && field(heard, 'Via').includes(own);
    return this.peer.heard.take(fits, 'final response');
  }

  /** A CANCEL has the branch of its INVITE. */
  cancel(): Promise<number> {
    const cancel = this.text('CANCEL', { branch: this.#branch, seq: 1, toTag: '' });
    this.peer.send(cancel, this.sip);
    return this.peer.heard
      .take(({ what }) => / CANCEL$/.test(what), 'response to CANCEL')
      .then(({ what }) => Number(what.split(' ')[0]));
  }

  text(method: string, lies: Lies = {}): string {
    const { seq = this.seq, toTag = this.theirTag, fromTag = 'raw', body: content = '' } = lies;
    const lines = [
      `${method} ${this.target} SIP/2.0`,
      `Via: SIP/2.0/UDP ${HOST}:${this.peer.port};branch=${lies.branch ?? branch()}`,
      'Max-Forwards: 70',
      `From: <${this.peer.uri}>;tag=${fromTag}`,
      `To: <${this.target}>${toTag ? `;tag=${toTag}` : ''}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${seq} ${method}`,
      `Contact: <${this.peer.uri}>`,
      ...(content && !lies.headers ? ['Content-Type: application/sdp'] : []),
      ...(lies.headers ?? []),
      `Content-Length: ${lies.length ?? content.length}`,
    ];
    return `${lines.join('\r\n')}\r\n\r\n${content}`;
  }
}
