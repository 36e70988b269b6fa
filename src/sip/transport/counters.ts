import type { TransportName } from './flow.ts';

/** What passed over one transport since the start. */
export interface TransportCounters {
  received: number;
  sent: number;
  /** Came but was not SIP, or was SIP that is not sound; answered where that was possible. */
  malformed: number;
  /** Sound messages whose handling failed: defects of ours, each of them logged. */
  defects: number;
  /** Could not be sent. */
  failed: number;
  /** TCP connections that are open. */
  connections: number;
  /** TCP connections that we ended: too many, too slow to read, or idle. */
  dropped: number;
}

export type Counters = Record<TransportName, TransportCounters>;

const none = (): TransportCounters => ({
  received: 0,
  sent: 0,
  malformed: 0,
  defects: 0,
  failed: 0,
  connections: 0,
  dropped: 0,
});

export const newCounters = (): Counters => ({ udp: none(), tcp: none(), tls: none() });
