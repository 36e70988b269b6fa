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
import { Authorization, type Login } from './authorization.ts';
import type { Core } from './core.ts';
import { type Dialog, Dialogs, reachableFrom } from './dialog/index.ts';
import { exchange } from './exchange.ts';
import type { IncomingInvite } from './incoming-invite.ts';
import type { SipRequest, SipResponse } from './message/index.ts';
import { ClientInvite, type InviteOptions, type OutgoingInvite } from './outgoing-invite.ts';
import { Reception } from './reception.ts';
import type { ExtraHeaders, Reply } from './reply.ts';
import { requestBuilder } from './request-builder.ts';
import { Tokens } from './tokens.ts';
import {
  standardTimers,
  type TimerBase,
  type TransactionCounters,
  TransactionLayer,
} from './transaction/index.ts';
import { type Counters, type Hop, type TlsOptions, TransportLayer } from './transport/index.ts';

export interface UserAgentOptions {
  clock: Clock;
  random: Random;
  log: Log;
  /** An address of this machine. */
  host: string;
  /** For UDP and TCP; 0 takes one that is free for both. */
  port: number;
  /** What Via and Contact say, where it differs from `host`. */
  publicAddress?: string | undefined;
  /** Besides UDP and TCP; undefined: we only connect to others over TLS, who need a certificate of the machine's roots. */
  tls?: TlsOptions | undefined;
  /** What User-Agent and Server say. */
  userAgent: string;
  /** Seconds after which a session that is not refreshed is over (RFC 4028), 90 or more; undefined: not asked for. */
  sessionExpires?: number | undefined;
  /** Seconds: the shortest session timer that is taken. Default 90, the least that the RFC allows. */
  minSe?: number | undefined;
  network: Network;
  timers?: TimerBase | undefined;
  /** More open transactions than this, and new requests are refused with 503. Default 100,000. */
  maxTransactions?: number | undefined;
}

/**
 * Looks at a request outside of dialogs before anything else does, and again each time that it is sent again; what
 * it returns refuses the request, and nothing is kept of it. `silence` does not even say so.
 */
export type Gate = (request: SipRequest, source: Hop) => Reply | 'silence' | undefined;

/** Answers requests outside of dialogs that are neither INVITE nor OPTIONS. */
export type OutsideHook = (request: SipRequest, source: Hop) => Reply | Promise<Reply>;

/** A request outside of dialogs, such as REGISTER or OPTIONS. */
export interface RequestOptions {
  method: string;
  /** The Request-URI. */
  target: string;
  /** Where to send it, when not to `target`. */
  destination?: string | Hop | undefined;
  /** Whom the request is for was met here: if that is a public address, none that is private is sent to. */
  peer?: Hop | undefined;
  from: string;
  to?: string | undefined;
  callId?: string | undefined;
  /** The first CSeq, 1 when left out; a challenge takes the next. */
  seq?: number | undefined;
  headers?: ExtraHeaders | undefined;
  credentials?: Login | undefined;
}

export interface UserAgentCounters {
  transport: Counters;
  transactions: TransactionCounters;
  /** Now open. */
  open: { transactions: number; dialogs: number; invites: number };
}

/** One SIP user agent (RFC 3261 §6): client and server, on one port over UDP and TCP. */
export interface UserAgent {
  /** Opens the sockets; rejects when they cannot be bound. */
  listen(): Promise<Endpoint>;
  /** What Via and Contact say of us; the port is known once it listens. */
  readonly local: Endpoint;
  /** Where TLS is taken, once it listens; undefined: nowhere. */
  readonly tlsPort: number | undefined;
  /** Takes calls; unset, they are refused with 480. */
  onInvite: ((invite: IncomingInvite) => void) | undefined;
  /** Unset: 405. */
  onRequest: OutsideHook | undefined;
  /** Refuses an OPTIONS outside of dialogs, as an INVITE to the same URI would be; unset, or undefined: 200. */
  onOptions: ((request: SipRequest, source: Hop) => Reply | undefined) | undefined;
  /** Such as 403 for strangers, or 503 with Retry-After under load. */
  gate: Gate | undefined;
  invite(options: InviteOptions): OutgoingInvite;
  /** Never rejects: 408 and 503 stand for no response. */
  request(options: RequestOptions): Promise<SipResponse>;
  readonly counters: UserAgentCounters;
  /** Told of each call that is up, of each new place of its other side, and of its end. */
  readonly dialogs: Record<'confirmed' | 'moved' | 'ended', Signal<Dialog>>;
  /** Refuses what is new, ends what is open, waits up to `graceMs` (2,000) for the other sides, and closes. */
  close(graceMs?: number): Promise<void>;
}

/** Makes a user agent; nothing is open before `listen`. */
export function createUserAgent(options: UserAgentOptions): UserAgent {
  return new SipUserAgent(coreOf(options));
}

function coreOf(options: UserAgentOptions): Core {
  const { clock, random, log, userAgent, timers = standardTimers, sessionExpires } = options;
  const { host, port, publicAddress, network, maxTransactions = 100_000 } = options;
  const tokens = new Tokens(random);
  const transport = new TransportLayer({ clock, log, network, host, port, publicAddress, tls: options.tls });
  const transactions = new TransactionLayer({
    clock,
    timers,
    transport,
    maxTransactions,
    tokens,
  });
  const { minSe = 90 } = options;
  const dialogs = new Dialogs();
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
  #core: Core;
  #reception: Reception;
  #outgoing = new Set<ClientInvite>();
  #closing: Promise<void> | undefined;

  constructor(core: Core) {
    this.#core = core;
    this.#reception = new Reception(core);
    core.transactions.user = this.#reception;
  }

  get onInvite(): UserAgent['onInvite'] {
    return this.#reception.onInvite;
  }

  set onInvite(take: UserAgent['onInvite']) {
    this.#reception.onInvite = take;
  }

  get onRequest(): UserAgent['onRequest'] {
    return this.#reception.onRequest;
  }

  set onRequest(hook: UserAgent['onRequest']) {
    this.#reception.onRequest = hook;
  }

  get onOptions(): UserAgent['onOptions'] {
    return this.#reception.onOptions;
  }

  set onOptions(hook: UserAgent['onOptions']) {
    this.#reception.onOptions = hook;
  }

  get gate(): UserAgent['gate'] {
    return this.#reception.gate;
  }

  set gate(gate: UserAgent['gate']) {
    this.#reception.gate = gate;
  }

  get counters(): UserAgentCounters {
    const { transport, transactions, dialogs } = this.#core;
    const invites = this.#reception.invites.size + this.#outgoing.size;
    const open = { transactions: transactions.size, dialogs: dialogs.size, invites };
    return { transport: transport.counters, transactions: transactions.counters, open };
  }

  get dialogs(): UserAgent['dialogs'] {
    return this.#core.dialogs;
  }

  listen(): Promise<Endpoint> {
    return this.#core.transport.listen();
  }

  get local(): Endpoint {
    return this.#core.transport.local;
  }

  get tlsPort(): number | undefined {
    return this.#core.transport.tlsPort;
  }

  invite(options: InviteOptions): OutgoingInvite {
    const invite = new ClientInvite(this.#core, options);
    this.#outgoing.add(invite);
    detach(
      'sip.user-agent',
      invite.result.then(() => this.#outgoing.delete(invite)),
    );
    return invite;
  }

  request(options: RequestOptions): Promise<SipResponse> {
    const { credentials, destination, target, peer } = options;
    const core = this.#core;
    const located = () => core.transport.locate(destination ?? target);
    return exchange(core, {
      build: requestBuilder(core, options),
      locate: peer ? async () => reachableFrom(peer, await located()) : located,
      authorization: credentials && new Authorization(credentials, core.random),
    });
  }

  close(graceMs = CLOSE_GRACE_MS): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const { clock, log, dialogs, transactions, transport } = this.#core;
    this.#reception.close();
    for (const invite of this.#outgoing) invite.cancel();
    const byes = Promise.all([...dialogs].map((dialog) => dialog.bye()));
    await withTimeout(clock, graceMs, byes, 'a peer does not answer the BYE').catch((error) =>
      log.warn({ error: explain(error) }, 'calls are ended without an answer to the BYE'),
    );
    for (const dialog of dialogs) dialog.discard({ by: 'local', reason: 'The server has stopped' });
    transactions.close();
    await transport.close();
  }
}
