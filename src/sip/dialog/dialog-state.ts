import {
  callIdOf,
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
import { targetOf } from './remote-target.ts';

const MAX_FORWARDS = '70';
/** Distance of the pending BYE's CSeq, so that requests which this process still sends stay below it. */
const PENDING_BYE_CSEQ_GAP = 1000;

/** The state of a dialog (RFC 3261 §12): ids, parties, CSeq numbers, route set and remote target. */
export class DialogState {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** Who sent the INVITE that created the dialog. */
  readonly initiator: 'local' | 'remote';
  /** From of our requests, with tag. */
  readonly local: string;
  /** To of our requests, with tag. */
  readonly remote: string;
  /** URI of the peer's last Contact. */
  remoteTarget: string;
  #routes: readonly NameAddress[];
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
    routes: readonly NameAddress[];
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

  /** Creates the state of a UAS (RFC 3261 §12.1.1). @param localSeq first CSeq number of our requests. */
  static ofServer(invite: SipRequest, localTag: string, localSeq: number): DialogState {
    const from = fromOf(invite);
    return new DialogState({
      callId: callIdOf(invite),
      initiator: 'remote',
      local: formatNameAddress({ ...toOf(invite), tag: localTag }),
      localTag,
      remote: wellFormed(invite.headers.get('From')!, from),
      // RFC 3261 §12.1.1: an RFC 2543 peer may have no tag.
      remoteTag: from.tag ?? '',
      remoteTarget: targetOf(invite) ?? from.uri,
      routes: recordRoutesOf(invite),
      localSeq,
      remoteSeq: cseqOf(invite).number,
    });
  }

  /** Creates the state of a UAC (RFC 3261 §12.1.2). */
  static ofClient(invite: SipRequest, response: SipResponse): DialogState {
    return new DialogState({
      callId: callIdOf(invite),
      initiator: 'local',
      local: invite.headers.get('From')!,
      localTag: fromOf(invite).tag ?? '',
      remote: wellFormed(response.headers.get('To')!, toOf(response)),
      remoteTag: toOf(response).tag ?? '',
      remoteTarget: targetOf(response) ?? invite.uri,
      routes: recordRoutesOf(response).toReversed(),
      localSeq: cseqOf(invite).number,
      remoteSeq: undefined,
    });
  }

  /** Takes the route set and remote target of the 2xx (RFC 3261 §13.2.2.4). */
  confirm(response: SipResponse): void {
    this.#routes = recordRoutesOf(response).toReversed();
    this.refreshTarget(response);
  }

  /** Takes the usable Contact of a message as remote target. */
  refreshTarget(message: SipRequest | SipResponse): void {
    this.remoteTarget = targetOf(message) ?? this.remoteTarget;
  }

  /** Checks the order of the peer's requests, and stores the CSeq number (RFC 3261 §12.2.2). */
  acceptSeq(request: SipRequest): boolean {
    const { number } = cseqOf(request);
    if (this.#remoteSeq !== undefined && number <= this.#remoteSeq) return false;
    this.#remoteSeq = number;
    return true;
  }

  /** Creates the next request (RFC 3261 §12.2.1.1). @param seq CSeq number of the INVITE, for its ACK. */
  createRequest(method: string, seq?: number): SipRequest {
    const { uri, routes } = this.#routing();
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

  /** The BYE to send after a restart. */
  get pendingBye(): Omit<PendingBye, 'destination'> {
    const { uri, routes } = this.#routing();
    const { callId, local: from, remote: to } = this;
    const headers = routes.map((route): [string, string] => ['Route', route]);
    const seq = this.#localSeq + PENDING_BYE_CSEQ_GAP;
    return { method: 'BYE', target: uri, callId, seq, from, to, headers };
  }

  /** URI of the next hop: the first Route, else the remote target. */
  get nextHop(): string {
    return this.#routes[0]?.uri ?? this.remoteTarget;
  }

  /** Host of the next hop, if it is readable. */
  get nextHost(): string | undefined {
    const uri = readUri(this.nextHop);
    return uri?.params.get('maddr') || uri?.host;
  }

  get hasRoutes(): boolean {
    return this.#routes.length > 0;
  }

  /** Request-URI and Route fields of a request (RFC 3261 §12.2.1.1). */
  #routing(): { uri: string; routes: string[] } {
    const [first, ...rest] = this.#routes;
    if (!first) return { uri: this.remoteTarget, routes: [] };
    const routes = this.#routes.map(formatNameAddress);
    if (isLooseRouter(first)) return { uri: this.remoteTarget, routes };
    // A strict router (RFC 2543) becomes the Request-URI, and the remote target the last Route.
    return { uri: first.uri, routes: [...rest.map(formatNameAddress), `<${this.remoteTarget}>`] };
  }
}

/** The peer's address as received, or with the missing quotes added. */
const wellFormed = (text: string, parsed: NameAddress): string =>
  isWellFormed(text) ? text : formatNameAddress(parsed);

/** A malformed URI counts as loose router; sending to it fails anyway. */
const isLooseRouter = ({ uri }: NameAddress): boolean => readUri(uri)?.params.has('lr') ?? true;

function readUri(uri: string): Uri | undefined {
  try {
    return parseUri(uri);
  } catch {
    return undefined;
  }
}
