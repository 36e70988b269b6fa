import type { Headers } from './headers.ts';
import { type NameAddress, parseNameAddress } from './name-address.ts';
import { SipSyntaxError } from './syntax-error.ts';
import { formatVia, parseVia, type Via } from './via.ts';

/** Anything that carries header fields. All readers here throw `SipSyntaxError` for what they cannot read. */
type WithHeaders = { headers: Headers };

export interface CSeq {
  /** 0 to 2**31 - 1. */
  number: number;
  method: string;
}

function required(message: WithHeaders, name: string): string {
  const value = message.headers.get(name);
  if (value === undefined) throw new SipSyntaxError(`There is no ${name}`);
  return value;
}

/** The hop that a response goes back to. */
export function topVia(message: WithHeaders): Via {
  const first = message.headers.all('Via')[0];
  if (first === undefined) throw new SipSyntaxError('There is no Via');
  return parseVia(first);
}

/** Writes the first hop anew, as RFC 3261 §18.2.1 does for `received`; the others stay. */
export function setTopVia(message: WithHeaders, via: Parameters<typeof formatVia>[0]): void {
  message.headers.set('Via', [formatVia(via), ...message.headers.all('Via').slice(1)]);
}

export function fromOf(message: WithHeaders): NameAddress {
  return partyOf(message, 'From');
}

export function toOf(message: WithHeaders): NameAddress {
  return partyOf(message, 'To');
}

/** Inside a dialog the tag says it all: of an address that is malformed it is still read, with an empty URI. */
function partyOf(message: WithHeaders, name: 'From' | 'To'): NameAddress {
  const value = required(message, name);
  try {
    return parseNameAddress(value);
  } catch (error) {
    const tag = tagIn(value);
    if (tag === undefined) throw error;
    return { displayName: undefined, uri: '', params: new Map([['tag', tag]]), tag };
  }
}

/** The tag in a From or To, also where the rest of it cannot be read. */
export function tagIn(value: string): string | undefined {
  return /;\s*tag\s*=\s*([^\s;,"<>]+)/i.exec(value)?.[1];
}

/** Empty when there is no Contact. */
export function contactsOf(message: WithHeaders): NameAddress[] {
  const values: string[] = [];
  let name = '';
  for (const member of message.headers.all('Contact')) {
    // A comma in a display name without quotes: what has no scheme belongs to the value after it.
    if (/^[^:<*]+$/.test(member)) {
      name += `${member}, `;
      continue;
    }
    values.push(name + member);
    name = '';
  }
  return (name ? [...values, name] : values).map(parseNameAddress);
}

/** In the order of the wire: the proxy that is nearest to the receiver is first. */
export function recordRoutesOf(message: WithHeaders): NameAddress[] {
  return message.headers.all('Record-Route').map(parseNameAddress);
}

export function callIdOf(message: WithHeaders): string {
  const value = required(message, 'Call-ID');
  if (value === '' || /\s/.test(value)) throw new SipSyntaxError('The Call-ID is malformed');
  return value;
}

export function cseqOf(message: WithHeaders): CSeq {
  const match = /^(\d{1,20})\s+([A-Za-z0-9\-.!%*_+`'~]+)$/.exec(required(message, 'CSeq'));
  if (!match) throw new SipSyntaxError('The CSeq is not a number and a method');
  const number = Number(match[1]);
  // RFC 3261 §8.1.1.5: the number is less than 2**31.
  if (number >= 2 ** 31) throw new SipSyntaxError('The number of the CSeq is 2**31 or more');
  return { number, method: match[2]! };
}

/** 0–255; undefined when there is none, as in requests of RFC 2543. */
export function maxForwardsOf(message: WithHeaders): number | undefined {
  const value = message.headers.get('Max-Forwards');
  if (value === undefined) return undefined;
  if (!/^\d{1,10}$/.test(value) || Number(value) > 255) {
    throw new SipSyntaxError('Max-Forwards is not a number from 0 to 255');
  }
  return Number(value);
}

/** RFC 3261 §25.1 `delta-seconds`: 32 bits. */
const MOST_SECONDS = 2 ** 32 - 1;

/**
 * The seconds at the beginning of a value, as in `Retry-After: 120 (maintenance)`; 0 to 4294967295, undefined when it
 * begins with none. No timer holds that long: whoever waits sets a limit.
 */
export function deltaSeconds(text: string | undefined): number | undefined {
  const digits = /^\s*(\d+)/.exec(text ?? '')?.[1];
  return digits === undefined ? undefined : Math.min(Number(digits), MOST_SECONDS);
}
