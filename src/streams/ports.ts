import type { Session } from '../calls/index.ts';
import type { Clock, Ids, Random } from '../core/index.ts';
import type { Connect } from './connection.ts';

export interface StreamOptions {
  streamUrl: string;
  /** `inbound`: what the caller says. `outbound`: what the caller hears. */
  track: 'inbound' | 'outbound' | 'both';
  /** The caller hears what the receiver sends back. */
  bidirectional: boolean;
}

/** What streams need from their call. */
export type StreamedCall = Pick<Session, 'leg' | 'record' | 'heldBack' | 'log' | 'note'>;

/** Metrics of all streams since the start. */
export interface StreamCounts {
  open: number;
  started: number;
  failed: number;
  /** Messages dropped because their receiver was too slow. */
  dropped: number;
}

/** What streams need from other modules. */
export interface StreamDeps {
  clock: Clock;
  random: Random;
  ids: Ids;
  connect: Connect;
  /** Allows plain ws, and loopback, private and link-local addresses. */
  allowPrivate: boolean;
  /** The secrets that sign handshakes, the current one first; empty: not signed. */
  secrets(applicationId: string): string[];
  counts: StreamCounts;
}
