import type { Clock, Log, Random } from '../core/index.ts';
import type { Dialogs } from './dialog/dialogs.ts';
import type { Tokens } from './tokens.ts';
import type { TimerBase, TransactionLayer } from './transaction/index.ts';
import type { TransportLayer } from './transport/index.ts';

/** What everything above the transactions shares: one per user agent. */
export interface Core {
  readonly clock: Clock;
  readonly random: Random;
  readonly tokens: Tokens;
  readonly log: Log;
  readonly timers: TimerBase;
  readonly transport: TransportLayer;
  readonly transactions: TransactionLayer;
  readonly dialogs: Dialogs;
  /** What User-Agent and Server say. */
  readonly userAgent: string;
  /** Seconds that we ask for; undefined: we do not ask for a session timer (RFC 4028). */
  readonly sessionExpires: number | undefined;
  /** Seconds: the shortest session timer that we take; 90 is the least that the RFC allows. */
  readonly minSe: number;
}

/** What is understood inside and outside of dialogs. */
export const ALLOW = 'INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, REFER, NOTIFY, OPTIONS';
/** RFC 3262 and RFC 4028. */
export const SUPPORTED = '100rel, timer';
/** The bodies that are understood in offers and answers. */
export const ACCEPT = 'application/sdp';
