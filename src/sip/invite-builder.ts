import type { Login } from './digest/index.ts';
import {
  createRequest,
  type ExtraHeaders,
  formatNameAddress,
  isSips,
  parseNameAddress,
  parseUri,
  type SipRequest,
} from './message/index.ts';
import type { Hop, TransportName } from './transport/index.ts';
import { capabilityHeaders, contactOf, sdpBody, type UaContext } from './ua-context.ts';

/** An outgoing call. */
export interface InviteOptions {
  /** The Request-URI. */
  target: string;
  /** Destination as URI or hop, if it differs from `target` and the first of `route`. */
  destination?: string | Hop | undefined;
  /** Preloaded Route fields, such as `<sip:proxy.example;lr>`. */
  route?: readonly string[] | undefined;
  /** A URI or name-addr; default `target`. */
  to?: string | undefined;
  /** A URI or name-addr, without tag. */
  from: string;
  /** Our offer. */
  sdp: string;
  headers?: ExtraHeaders | undefined;
  /** Answers a 401 or 407, here and within the dialog. */
  credentials?: Login | undefined;
  /** Longest ringing time in ms, default 180,000. */
  timeoutMs?: number | undefined;
  /** Cancels the INVITE without any response, even 100, within this time in ms. */
  firstResponseTimeoutMs?: number | undefined;
  /** Cancels the INVITE when aborted. */
  signal?: AbortSignal | undefined;
}

/** How often a 422 may raise the session interval of one INVITE. */
const MAX_RAISES = 3;

/** Builds the INVITE of a call, with a new CSeq each time it is sent again (RFC 3261 §13.2.1). */
export class InviteBuilder {
  readonly callId: string;
  /** Destination of the INVITE (RFC 3261 §8.1.2). */
  readonly destination: string | Hop;
  /** Requested Session-Expires in seconds (RFC 4028); a 422 may raise it. */
  sessionExpires: number | undefined;
  /** Contact of the last INVITE. */
  contact = '';
  #ua: UaContext;
  #options: InviteOptions;
  #from: string;
  #to: string;
  #user: string | undefined;
  #minSe: number;
  #seq = 0;
  #raises = 0;

  constructor(ua: UaContext, options: InviteOptions) {
    const { from, to, target, route = [], destination } = options;
    const sender = parseNameAddress(from);
    const [first] = route;
    this.#ua = ua;
    this.#options = options;
    this.#from = formatNameAddress({ ...sender, tag: ua.tokens.tag() });
    this.#to = formatNameAddress(parseNameAddress(to ?? `<${target}>`));
    this.#user = parseUri(sender.uri).user;
    this.#minSe = ua.minSe;
    this.callId = ua.random.uuid();
    this.destination = destination ?? (first ? parseNameAddress(first).uri : target);
    this.sessionExpires = ua.sessionExpires;
  }

  build(transport: TransportName): SipRequest {
    const { target, route = [], headers = [], sdp } = this.#options;
    // RFC 3261 §8.1.1.8
    const secure = isSips(target) || isSips(route[0] && parseNameAddress(route[0]).uri);
    this.contact = contactOf(this.#ua, transport, this.#user, secure);
    const request = createRequest({ method: 'INVITE', uri: target, body: sdp });
    for (const each of route) request.headers.append('Route', each);
    request.headers
      .append('Max-Forwards', '70')
      .append('From', this.#from)
      .append('To', this.#to)
      .append('Call-ID', this.callId)
      .append('CSeq', `${++this.#seq} INVITE`)
      .append('Contact', this.contact)
      .append('User-Agent', this.#ua.userAgent)
      .append('Content-Type', sdpBody(sdp)!.contentType);
    for (const [name, value] of [...capabilityHeaders(), ...this.#timerHeaders()])
      request.headers.append(name, value);
    for (const [name, value] of headers) request.headers.set(name, value);
    return request;
  }

  /** Raises the session interval to the Min-SE of a 422 (RFC 4028 §7.3). @returns whether to send the INVITE again. */
  raiseInterval(minSe: number | undefined): boolean {
    if (minSe === undefined || this.sessionExpires === undefined || minSe <= this.#minSe) return false;
    if (this.#raises++ >= MAX_RAISES) return false;
    this.#minSe = minSe;
    this.sessionExpires = Math.max(this.sessionExpires, minSe);
    return true;
  }

  #timerHeaders(): [string, string][] {
    if (this.sessionExpires === undefined) return [];
    return [
      ['Session-Expires', String(this.sessionExpires)],
      ['Min-SE', String(this.#minSe)],
    ];
  }
}
