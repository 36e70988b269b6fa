import type { Session } from '../calls/index.ts';
import type { Clock, Ids, Random } from '../core/index.ts';
import type { Connect } from './connection.ts';

export interface StreamOptions {
  streamUrl: string;
  /** `inbound`: what the caller says. `outbound`: what the caller hears. */
  track: 'inbound' | 'outbound' | 'both';
  /** What the receiver sends back is heard by the caller. */
  bidirectional: boolean;
}

/** What streams need of their call. */
export type StreamedCall = Pick<Session, 'leg' | 'record' | 'hushed' | 'log' | 'note'>;

/** Figures over all streams since the start, for `/metrics`. */
export interface StreamCounts {
  open: number;
  started: number;
  failed: number;
  /** Messages that a receiver was too slow for. */
  dropped: number;
}

/** What streams need of the house. */
export interface StreamPorts {
  clock: Clock;
  random: Random;
  ids: Ids;
  connect: Connect;
  /** Lets streams go over plain ws, and to loopback, private and link-local addresses. */
  allowPrivate: boolean;
  /** With which handshakes are signed, the live one first; empty: not signed. */
  secrets(applicationId: string): string[];
  counts: StreamCounts;
}
