import type { Core } from './core.ts';
import {
  createRequest,
  formatNameAddress,
  parseNameAddress,
  parseUri,
  type SipRequest,
} from './message/index.ts';
import type { InviteOptions } from './outgoing-invite.ts';
import { abilities, contactOf, isSips, sdpBody } from './reply.ts';
import type { Hop, TransportName } from './transport/index.ts';

/** How many proxies on the way may each want a longer session timer. */
const MAX_RAISES = 3;

/** Writes the INVITE of one call, again with a new CSeq when it has to be sent again. */
export class InviteBuilder {
  readonly callId: string;
  /** RFC 3261 §8.1.2: where it is sent to. */
  readonly destination: string | Hop;
  /** Seconds that we ask for (RFC 4028); a 422 may raise it. */
  sessionExpires: number | undefined;
  /** Of the INVITE that was written last. */
  contact = '';
  #core: Core;
  #options: InviteOptions;
  #from: string;
  #to: string;
  #user: string | undefined;
  #minSe: number;
  #seq = 0;
  #raised = 0;

  constructor(core: Core, options: InviteOptions) {
    const { from, to, target, route = [], destination } = options;
    const sender = parseNameAddress(from);
    const [first] = route;
    this.#core = core;
    this.#options = options;
    this.#from = formatNameAddress({ ...sender, tag: core.tokens.tag() });
    this.#to = formatNameAddress(parseNameAddress(to ?? `<${target}>`));
    this.#user = parseUri(sender.uri).user;
    this.#minSe = core.minSe;
    this.callId = core.random.uuid();
    this.destination = destination ?? (first ? parseNameAddress(first).uri : target);
    this.sessionExpires = core.sessionExpires;
  }

  build(transport: TransportName): SipRequest {
    const { target, route = [], headers = [], sdp } = this.#options;
    // RFC 3261 §8.1.1.8
    const secured = isSips(target) || isSips(route[0] && parseNameAddress(route[0]).uri);
    this.contact = contactOf(this.#core, transport, this.#user, secured);
    const request = createRequest({ method: 'INVITE', uri: target, body: sdp });
    for (const each of route) request.headers.append('Route', each);
    request.headers
      .append('Max-Forwards', '70')
      .append('From', this.#from)
      .append('To', this.#to)
      .append('Call-ID', this.callId)
      .append('CSeq', `${++this.#seq} INVITE`)
      .append('Contact', this.contact)
      .append('User-Agent', this.#core.userAgent)
      .append('Content-Type', sdpBody(sdp)!.contentType);
    for (const [name, value] of [...abilities(), ...this.#timer()]) request.headers.append(name, value);
    for (const [name, value] of headers) request.headers.set(name, value);
    return request;
  }

  /** RFC 4028 §7.3 @returns is it worth another try with the longer interval? */
  raise(least: number | undefined): boolean {
    if (least === undefined || this.sessionExpires === undefined || least <= this.#minSe) return false;
    if (this.#raised++ >= MAX_RAISES) return false;
    this.#minSe = least;
    this.sessionExpires = Math.max(this.sessionExpires, least);
    return true;
  }

  #timer(): [string, string][] {
    if (this.sessionExpires === undefined) return [];
    return [
      ['Session-Expires', String(this.sessionExpires)],
      ['Min-SE', String(this.#minSe)],
    ];
  }
}
