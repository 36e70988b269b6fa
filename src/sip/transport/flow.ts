import type { Signal } from '../../core/index.ts';
import type { Endpoint } from '../../net/index.ts';

/** A transport protocol. */
export type TransportName = 'udp' | 'tcp' | 'tls';

/** A resolved destination: transport, address and port. */
export interface Hop extends Endpoint {
  transport: TransportName;
  /** TLS: the name in the peer's certificate; undefined: an existing connection is sufficient. */
  serverName?: string | undefined;
}

/** A bidirectional path to one peer (RFC 5626 §2): a UDP address pair, or one TCP or TLS connection. */
export interface Flow {
  /** Address of the peer as seen in its packets. */
  readonly remote: Hop;
  /** Whether the transport itself retransmits, so that transactions need not. */
  readonly reliable: boolean;
  /** Sends bytes; calls `failed`, now or later, if they could not be sent. */
  send(data: Buffer, failed?: (error: Error) => void): void;
  /** Emitted once, when the connection has ended; undefined for UDP. */
  readonly ended?: Signal<void>;
  /** The flow to another port of the same peer; undefined for connections. */
  at?(port: number): Flow;
}

/** Counters of one transport since the start. */
export interface TransportCounters {
  received: number;
  sent: number;
  /** Received but not SIP, or invalid SIP; answered where possible. */
  malformed: number;
  /** Valid messages whose handling failed: defects of ours, logged. */
  defects: number;
  /** Messages that could not be sent. */
  failed: number;
  /** Open TCP connections. */
  connections: number;
  /** TCP connections that we closed: too many, too slow to read, or idle. */
  dropped: number;
}

export type Counters = Record<TransportName, TransportCounters>;

const zero = (): TransportCounters => ({
  received: 0,
  sent: 0,
  malformed: 0,
  defects: 0,
  failed: 0,
  connections: 0,
  dropped: 0,
});

export const newCounters = (): Counters => ({ udp: zero(), tcp: zero(), tls: zero() });

/** Returns the sum of a counter over all transports. */
export const totalOf = (counters: Counters, name: keyof TransportCounters): number =>
  Object.values(counters).reduce((total, transport) => total + transport[name], 0);
