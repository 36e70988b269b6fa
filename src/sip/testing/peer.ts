import type { Datagrams } from '../../net/index.ts';
import {
  createRequest,
  createResponse,
  cseqOf,
  parseMessage,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  serialize,
} from '../message/index.ts';
import type { Pair } from './pair.ts';

const HOST = '10.0.0.9';

/** A scripted UDP peer, by default at 10.0.0.9, that sends whatever a test specifies, valid or not. */
export class Peer {
  readonly received: SipMessage[] = [];
  #datagrams!: Datagrams;
  #branch = 0;

  static async listen({ network }: Pick<Pair, 'network'>, address = HOST): Promise<Peer> {
    const peer = new Peer();
    peer.#datagrams = await network.bind({ address, port: 5060 }, (data) => {
      peer.received.push(parseMessage(data));
    });
    return peer;
  }

  /** The received messages: `INVITE`, `200 INVITE`, … */
  get log(): string[] {
    return this.received.map((each) =>
      each.kind === 'request' ? each.method : `${each.status} ${cseqOf(each).method}`,
    );
  }

  requests(method: string): SipRequest[] {
    return this.received.filter((each) => each.kind === 'request' && each.method === method) as SipRequest[];
  }

  responses(method: string): SipResponse[] {
    return this.received.filter(
      (each) => each.kind === 'response' && cseqOf(each).method === method,
    ) as SipResponse[];
  }

  send(message: SipMessage | Buffer, to = '10.0.0.2'): void {
    const data = Buffer.isBuffer(message) ? message : serialize(message);
    this.#datagrams.send(data, { address: to, port: 5060 });
  }

  /** Creates a request to bob with a new branch; `headers` replace the default ones. */
  request(method: string, headers: Record<string, string> = {}, body = ''): SipRequest {
    const request = createRequest({ method, uri: 'sip:bob@10.0.0.2', body });
    const fields: Record<string, string> = {
      Via: `SIP/2.0/UDP ${HOST}:5060;branch=z9hG4bKpeer${this.#branch++};rport`,
      'Max-Forwards': '70',
      From: `<sip:peer@${HOST}>;tag=peer`,
      To: '<sip:bob@10.0.0.2>',
      'Call-ID': 'peer-call',
      CSeq: `1 ${method}`,
      Contact: `<sip:peer@${HOST}>`,
      ...(body && { 'Content-Type': 'application/sdp' }),
      ...headers,
    };
    for (const [name, value] of Object.entries(fields)) request.headers.append(name, value);
    return request;
  }

  /** Creates a request within the dialog of bob's response. */
  inDialog(
    response: SipResponse,
    method: string,
    seq: number,
    headers: Record<string, string> = {},
    body = '',
  ): SipRequest {
    const To = response.headers.get('To')!;
    return this.request(method, { To, CSeq: `${seq} ${method}`, ...headers }, body);
  }

  /** Creates a response to a request of alice. */
  response(
    request: SipRequest,
    status: number,
    tag?: string,
    headers: Record<string, string> = {},
    body = '',
  ): SipResponse {
    const response = createResponse(request, status, undefined, tag);
    response.headers.append('Contact', `<sip:peer-${tag}@${HOST}>`);
    for (const [name, value] of Object.entries(headers)) response.headers.append(name, value);
    if (body && !headers['Content-Type']) response.headers.append('Content-Type', 'application/sdp');
    response.body = Buffer.from(body);
    return response;
  }

  async close(): Promise<void> {
    await this.#datagrams.close();
  }
}
