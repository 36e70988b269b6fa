import {
  callIdOf,
  checkTarget,
  contactsOf,
  createRequest,
  cseqOf,
  formatNameAddress,
  fromOf,
  isWellFormed,
  type NameAddress,
  parseUri,
  recordRoutesOf,
  type SipRequest,
  type SipResponse,
  toOf,
  type Uri,
} from '../message/index.ts';
import type { PendingBye } from './dialog.ts';

const MAX_FORWARDS = '70';
const FAREWELL_DISTANCE = 1000;

/** RFC 3261 §12: what a dialog is made of. */
export class DialogState {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** Who sent the INVITE that made it. */
  readonly initiator: 'local' | 'remote';
  /** What From says in our requests, tag and all. */
  readonly local: string;
  /** What To says in our requests, tag and all. */
  readonly remote: string;
  /** Where the other side is to be reached: its last Contact. */
  remoteTarget: string;
  #routes: NameAddress[];
  #localSeq: number;
  #remoteSeq: number | undefined;

  private constructor(parts: {
    callId: string;
    initiator: 'local' | 'remote';
    local: string;
    localTag: string;
    remote: string;
    remoteTag: string;
    remoteTarget: string;
    routes: NameAddress[];
    localSeq: number;
    remoteSeq: number | undefined;
  }) {
    this.callId = parts.callId;
    this.initiator = parts.initiator;
    this.local = parts.local;
    this.localTag = parts.localTag;
    this.remote = parts.remote;
    this.remoteTag = parts.remoteTag;
    this.remoteTarget = parts.remoteTarget;
    this.#routes = parts.routes;
    this.#localSeq = parts.localSeq;
    this.#remoteSeq = parts.remoteSeq;
  }

  /** RFC 3261 §12.1.1: we answer. @param localSeq where our own numbering begins. */
  static ofServer(invite: SipRequest, localTag: string, localSeq: number): DialogState {
    const from = fromOf(invite);
    return new DialogState({
      callId: callIdOf(invite),
      initiator: 'remote',
      local: formatNameAddress({ ...toOf(invite), tag: localTag }),
      localTag,
      remote: written(invite.headers.get('From')!, from),
      // RFC 3261 §12.1.1: a peer of RFC 2543 may have no tag.
      remoteTag: from.tag ?? '',
      remoteTarget: targetOf(invite) ?? from.uri,
      routes: recordRoutesOf(invite),
      localSeq,
      remoteSeq: cseqOf(invite).number,
    });
  }

  /** RFC 3261 §12.1.2: we asked. */
  static ofClient(invite: SipRequest, response: SipResponse): DialogState {
    return new DialogState({
      callId: callIdOf(invite),
      initiator: 'local',
      local: invite.headers.get('From')!,
      localTag: fromOf(invite).tag ?? '',
      remote: written(response.headers.get('To')!, toOf(response)),
      remoteTag: toOf(response).tag ?? '',
      remoteTarget: targetOf(response) ?? invite.uri,
      routes: recordRoutesOf(response).reverse(),
      localSeq: cseqOf(invite).number,
      remoteSeq: undefined,
    });
  }

  /** RFC 3261 §13.2.2.4: the 2xx has the last word on the route set. */
  confirm(response: SipResponse): void {
    this.#routes = recordRoutesOf(response).reverse();
    this.refreshTarget(response);
  }

  /** Takes the Contact of a message for where the other side is from now on. */
  refreshTarget(message: SipRequest | SipResponse): void {
    this.remoteTarget = targetOf(message) ?? this.remoteTarget;
  }

  /** RFC 3261 §12.2.2: are the requests in order? Takes note of the number when they are. */
  inOrder(request: SipRequest): boolean {
    const { number } = cseqOf(request);
    if (this.#remoteSeq !== undefined && number <= this.#remoteSeq) return false;
    this.#remoteSeq = number;
    return true;
  }

  /** RFC 3261 §12.2.1.1: the next request. The ACK has the number of its INVITE, given as `seq`. */
  createRequest(method: string, seq?: number): SipRequest {
    const { uri, routes } = this.#way();
    const number = seq ?? ++this.#localSeq;
    const request = createRequest({ method, uri });
    for (const route of routes) request.headers.append('Route', route);
    request.headers
      .append('Max-Forwards', MAX_FORWARDS)
      .append('From', this.local)
      .append('To', this.remote)
      .append('Call-ID', this.callId)
      .append('CSeq', `${number} ${method}`);
    return request;
  }

  /** A BYE for another process: its number leaves room for requests that this one may still send. */
  get pendingBye(): Omit<PendingBye, 'destination'> {
    const { uri, routes } = this.#way();
    const { callId, local: from, remote: to } = this;
    const headers = routes.map((route): [string, string] => ['Route', route]);
    const seq = this.#localSeq + FAREWELL_DISTANCE;
    return { method: 'BYE', target: uri, callId, seq, from, to, headers };
  }

  /** The URI of the place where a request is sent to. */
  get nextHop(): string {
    return this.#routes[0]?.uri ?? this.remoteTarget;
  }

  /** The host of that place, where it can be read. */
  get nextHost(): string | undefined {
    const uri = readUri(this.nextHop);
    return uri?.params.get('maddr') || uri?.host;
  }

  get hasRoutes(): boolean {
    return this.#routes.length > 0;
  }

  #way(): { uri: string; routes: string[] } {
    const [first, ...rest] = this.#routes;
    if (!first) return { uri: this.remoteTarget, routes: [] };
    const routes = this.#routes.map(formatNameAddress);
    if (isLoose(first)) return { uri: this.remoteTarget, routes };
    // A strict router of RFC 2543 wants itself in the Request-URI and the target last.
    return { uri: first.uri, routes: [...rest.map(formatNameAddress), `<${this.remoteTarget}>`] };
  }
}

/** What the other side said of itself, with the quotes that it has left out. */
const written = (text: string, read: NameAddress): string =>
  isWellFormed(text) ? text : formatNameAddress(read);

/**
 * The Contact of a message, if requests can be sent to it: exactly one (RFC 3261 §8.1.1.8), of SIP.
 * @returns undefined for none, several, and what `checkTarget` rejects.
 */
export function targetOf(message: SipRequest | SipResponse): string | undefined {
  const [uri, ...more] = contactUris(message);
  return uri !== undefined && more.length === 0 && isTarget(uri) ? uri : undefined;
}

/** Does it say a Contact to which no request can be sent? One that cannot be read, or is missing, says nothing. */
export const hasUnusableContact = (message: SipRequest | SipResponse): boolean =>
  contactUris(message).length > 0 && targetOf(message) === undefined;

function contactUris(message: SipRequest | SipResponse): string[] {
  try {
    return contactsOf(message).map(({ uri }) => uri);
  } catch {
    return [];
  }
}

/** What is no URI is no strict router either: it fails when it is looked up. */
const isLoose = ({ uri }: NameAddress): boolean => readUri(uri)?.params.has('lr') ?? true;

function isTarget(uri: string): boolean {
  try {
    checkTarget(uri);
    return true;
  } catch {
    return false;
  }
}

function readUri(uri: string): Uri | undefined {
  try {
    return parseUri(uri);
  } catch {
    return undefined;
  }
}
