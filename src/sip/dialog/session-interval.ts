import type { SipRequest, SipResponse } from '../message/index.ts';
import { hasOption } from '../reply.ts';

/** RFC 4028: after how many seconds without a refresh a session is over, and who has to refresh it. */
export interface SessionInterval {
  seconds: number;
  /** In the words of the transaction that agreed on it: who sent the request, or who answered. */
  refresher: 'uac' | 'uas';
}

/** What we ask of the other side, in seconds. */
export interface SessionWish {
  sessionExpires: number | undefined;
  minSe: number;
}

// Twenty-three days: what a timer of 31 bits holds in milliseconds.
const LONGEST = 2_000_000;

/** What Session-Expires or Min-SE says; undefined when there is none, or none that can be read. */
export function readInterval(
  message: SipRequest | SipResponse,
  name: 'Session-Expires' | 'Min-SE',
): { seconds: number; refresher: string | undefined } | undefined {
  const match = /^\s*(\d{1,9})\s*(?:;\s*(.*))?$/.exec(message.headers.get(name) ?? '');
  if (!match) return undefined;
  const refresher = /(?:^|;)\s*refresher\s*=\s*(uac|uas)\s*(?:;|$)/i.exec(match[2] ?? '')?.[1];
  return { seconds: Math.min(Number(match[1]), LONGEST), refresher: refresher?.toLowerCase() };
}

/**
 * RFC 4028 §9: what the answering side agrees to.
 * @returns `too_small` (422 with our Min-SE), or undefined for a session without a timer.
 */
export function agreeInterval(
  request: SipRequest,
  wish: SessionWish,
): SessionInterval | 'too_small' | undefined {
  const supports = hasOption(request, 'Supported', 'timer');
  const asked = readInterval(request, 'Session-Expires');
  if (asked && asked.seconds < wish.minSe && supports) return 'too_small';
  const least = Math.max(readInterval(request, 'Min-SE')?.seconds ?? 0, wish.minSe);
  const wanted = wish.sessionExpires === undefined ? undefined : Math.max(wish.sessionExpires, least);
  if (!asked && (wanted === undefined || !supports)) return undefined;
  const seconds = Math.max(Math.min(asked?.seconds ?? wanted!, wanted ?? asked!.seconds), least);
  // Table 2: a side that knows no timer cannot refresh; otherwise the one that was named, or the one that asked.
  const refresher = supports ? (asked?.refresher === 'uas' ? 'uas' : 'uac') : 'uas';
  return { seconds, refresher };
}

/** RFC 4028 §7.2: what the asking side learns from a 2xx. @param minSe what it has asked for at least. */
export function learnInterval(response: SipResponse, minSe: number): SessionInterval | undefined {
  const agreed = readInterval(response, 'Session-Expires');
  if (!agreed) return undefined;
  return { seconds: Math.max(agreed.seconds, minSe), refresher: agreed.refresher === 'uas' ? 'uas' : 'uac' };
}

/** The fields of a 2xx that tell what was agreed. */
export function agreedFields(interval: SessionInterval | undefined): [string, string][] {
  if (!interval) return [];
  const { seconds, refresher } = interval;
  const fields: [string, string][] = [['Session-Expires', `${seconds};refresher=${refresher}`]];
  // RFC 4028 §9: the asking side must know that it is the one.
  if (refresher === 'uac') fields.push(['Require', 'timer']);
  return fields;
}
