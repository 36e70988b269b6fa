import {
  type Clock,
  detach,
  explain,
  type Log,
  type Random,
  type Signal,
  withTimeout,
} from '../core/index.ts';
import type { Endpoint, Network } from '../net/index.ts';
import { type Dialog, DialogTable, withoutPrivateHops } from './dialog/index.ts';
import { Authorization } from './digest/index.ts';
import type { IncomingInvite } from './incoming-invite.ts';
import type { InviteOptions } from './invite-builder.ts';
import type { Reply, SipRequest, SipResponse } from './message/index.ts';
import { ClientInvite, type OutgoingInvite } from './outgoing-invite.ts';
import {
  standardTimers,
  type TimerBase,
  TokenGenerator,
  type TransactionCounters,
  TransactionLayer,
} from './transaction/index.ts';
import { type Counters, type Hop, type TlsOptions, TransportLayer } from './transport/index.ts';
import type { UaContext } from './ua-context.ts';
import { type RequestOptions, requestBuilder, sendRequest } from './uac-core.ts';
import { type RequestHandler, type RequestScreen, UasCore } from './uas-core.ts';

export interface UserAgentOptions {
  clock: Clock;
  random: Random;
  log: Log;
  /** Local IP address. */
  host: string;
  /** Port for UDP and TCP; 0: any port that is free for both. */
  port: number;
  /** Address in Via and Contact, if it differs from `host`. */
  publicAddress?: string | undefined;
  /** TLS settings; undefined: no TLS server, and peers need a certificate of a system CA. */
  tls?: TlsOptions | undefined;
  /** Value of User-Agent and Server. */
  userAgent: string;
  /** Requested session interval in seconds, 90 or more (RFC 4028); undefined: no session timer. */
  sessionExpires?: number | undefined;
  /** Shortest accepted session interval in seconds. Default 90, the minimum of RFC 4028. */
  minSe?: number | undefined;
  network: Network;
  timers?: TimerBase | undefined;
  /** Above this number of open transactions, new requests are refused with 503. Default 100,000. */
  maxTransactions?: number | undefined;
}

/** Counters of a user agent since the start, and its open resources. */
export interface UserAgentCounters {
  transport: Counters;
  transactions: TransactionCounters;
  /** Currently open. */
  open: { transactions: number; dialogs: number; invites: number };
}

/** A SIP user agent (RFC 3261 §6): UAC and UAS on one port over UDP and TCP, and over TLS. */
export interface UserAgent {
  /** Binds the sockets; rejects if that fails. */
  listen(): Promise<Endpoint>;
  /** Our address and port in Via and Contact; the port is set by `listen`. */
  readonly local: Endpoint;
  /** Our TLS port, set by `listen`; undefined: no TLS server. */
  readonly tlsPort: number | undefined;
  /** Receives calls; if unset, they are refused with 480. */
  onInvite: ((invite: IncomingInvite) => void) | undefined;
  /** Answers requests outside of dialogs except INVITE and OPTIONS; if unset: 405. */
  onRequest: RequestHandler | undefined;
  /** Refuses an OPTIONS outside of dialogs, as an INVITE to the same URI; if unset or undefined: 200. */
  onOptions: ((request: SipRequest, source: Hop) => Reply | undefined) | undefined;
  /** Screens new requests: 403 for unknown sources, 503 with Retry-After under load. */
  screenRequest: RequestScreen | undefined;
  invite(options: InviteOptions): OutgoingInvite;
  /** Sends a request outside of dialogs. Never rejects: a timeout is a 408, a transport error a 503. */
  request(options: RequestOptions): Promise<SipResponse>;
  readonly counters: UserAgentCounters;
  /** Emits each confirmed dialog, each change of its remote target, and its end. */
  readonly dialogs: Record<'confirmed' | 'moved' | 'ended', Signal<Dialog>>;
  /** Refuses new requests, ends open calls, waits up to `graceMs` (2,000) for the peers, and closes. */
  close(graceMs?: number): Promise<void>;
}

/** Creates a user agent, without opening sockets before `listen`. */
export function createUserAgent(options: UserAgentOptions): UserAgent {
  return new SipUserAgent(contextOf(options));
}

function contextOf(options: UserAgentOptions): UaContext {
  const { clock, random, log, userAgent, timers = standardTimers, sessionExpires } = options;
  const { host, port, publicAddress, network, maxTransactions = 100_000 } = options;
  const tokens = new TokenGenerator(random);
  const transport = new TransportLayer({ clock, log, network, host, port, publicAddress, tls: options.tls });
  const transactions = new TransactionLayer({
    clock,
    timers,
    transport,
    maxTransactions,
    tokens,
  });
  const { minSe = 90 } = options;
  const dialogs = new DialogTable();
  return {
    clock,
    random,
    tokens,
    log,
    timers,
    transport,
    transactions,
    dialogs,
    userAgent,
    sessionExpires,
    minSe,
  };
}

const CLOSE_GRACE_MS = 2000;

class SipUserAgent implements UserAgent {
  #ua: UaContext;
  #uas: UasCore;
  #outgoing = new Set<ClientInvite>();
  #closing: Promise<void> | undefined;

  constructor(ua: UaContext) {
    this.#ua = ua;
    this.#uas = new UasCore(ua);
    ua.transactions.user = this.#uas;
  }

  get onInvite(): UserAgent['onInvite'] {
    return this.#uas.onInvite;
  }

  set onInvite(handler: UserAgent['onInvite']) {
    this.#uas.onInvite = handler;
  }

  get onRequest(): UserAgent['onRequest'] {
    return this.#uas.onRequest;
  }

  set onRequest(handler: UserAgent['onRequest']) {
    this.#uas.onRequest = handler;
  }

  get onOptions(): UserAgent['onOptions'] {
    return this.#uas.onOptions;
  }

  set onOptions(handler: UserAgent['onOptions']) {
    this.#uas.onOptions = handler;
  }

  get screenRequest(): UserAgent['screenRequest'] {
    return this.#uas.screenRequest;
  }

  set screenRequest(screen: UserAgent['screenRequest']) {
    this.#uas.screenRequest = screen;
  }

  get counters(): UserAgentCounters {
    const { transport, transactions, dialogs } = this.#ua;
    const invites = this.#uas.invites.size + this.#outgoing.size;
    const open = { transactions: transactions.size, dialogs: dialogs.size, invites };
    return { transport: transport.counters, transactions: transactions.counters, open };
  }

  get dialogs(): UserAgent['dialogs'] {
    return this.#ua.dialogs;
  }

  listen(): Promise<Endpoint> {
    return this.#ua.transport.listen();
  }

  get local(): Endpoint {
    return this.#ua.transport.local;
  }

  get tlsPort(): number | undefined {
    return this.#ua.transport.tlsPort;
  }

  invite(options: InviteOptions): OutgoingInvite {
    const invite = new ClientInvite(this.#ua, options);
    this.#outgoing.add(invite);
    detach(
      'sip.user-agent',
      invite.result.then(() => this.#outgoing.delete(invite)),
    );
    return invite;
  }

  request(options: RequestOptions): Promise<SipResponse> {
    const { credentials, destination, target, peer } = options;
    const ua = this.#ua;
    const locate = () => ua.transport.locate(destination ?? target);
    return sendRequest(ua, {
      build: requestBuilder(ua, options),
      locate: peer ? async () => withoutPrivateHops(peer, await locate()) : locate,
      authorization: credentials && new Authorization(credentials, ua.random),
    });
  }

  close(graceMs = CLOSE_GRACE_MS): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const { clock, log, dialogs, transactions, transport } = this.#ua;
    this.#uas.close();
    for (const invite of this.#outgoing) invite.cancel();
    const byes = Promise.all([...dialogs].map((dialog) => dialog.bye()));
    await withTimeout(clock, graceMs, byes, 'a peer does not answer the BYE').catch((error) =>
      log.warn({ error: explain(error) }, 'ended calls without a response to the BYE'),
    );
    for (const dialog of dialogs) dialog.discard({ by: 'local', reason: 'The server has stopped' });
    transactions.close();
    await transport.close();
  }
}
