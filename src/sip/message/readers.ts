import { formatVia, type NameAddress, parseNameAddress, parseVia, type Via } from './field-values.ts';
import type { FieldParser, Headers } from './headers.ts';
import { SipSyntaxError } from './message.ts';

/** Anything with header fields. All readers here throw `SipSyntaxError` for a missing or malformed field. */
type WithHeaders = { headers: Headers };

export interface CSeq {
  /** 0 to 2**31 - 1. */
  number: number;
  method: string;
}

function required(headers: Headers, name: string): string {
  const value = headers.get(name);
  if (value === undefined) throw new SipSyntaxError(`There is no ${name}`);
  return value;
}

const TOP_VIA: FieldParser<Via> = {
  key: 'via',
  parse(headers) {
    const first = headers.all('Via')[0];
    if (first === undefined) throw new SipSyntaxError('There is no Via');
    return parseVia(first);
  },
};

/** The top Via: the hop that the response is sent to. */
export const topVia = ({ headers }: WithHeaders): Via => headers.parsed(TOP_VIA);

/** Replaces the top Via (RFC 3261 §18.2.1 adds `received`) and keeps the others. */
export function setTopVia(message: WithHeaders, via: Parameters<typeof formatVia>[0]): void {
  message.headers.set('Via', [formatVia(via), ...message.headers.all('Via').slice(1)]);
}

const FROM: FieldParser<NameAddress> = { key: 'from', parse: (headers) => parseParty(headers, 'From') };
const TO: FieldParser<NameAddress> = { key: 'to', parse: (headers) => parseParty(headers, 'To') };

export const fromOf = ({ headers }: WithHeaders): NameAddress => headers.parsed(FROM);
export const toOf = ({ headers }: WithHeaders): NameAddress => headers.parsed(TO);

/** A dialog needs only the tag, so a malformed address with a readable tag gets an empty URI. */
function parseParty(headers: Headers, name: 'From' | 'To'): NameAddress {
  const value = required(headers, name);
  try {
    return parseNameAddress(value);
  } catch (error) {
    const tag = tagIn(value);
    if (tag === undefined) throw error;
    return { displayName: undefined, uri: '', params: new Map([['tag', tag]]), tag };
  }
}

/** The tag of a From or To, even if the rest of it is malformed. */
export function tagIn(value: string): string | undefined {
  return /;\s*tag\s*=\s*([^\s;,"<>]+)/i.exec(value)?.[1];
}

const CONTACTS: FieldParser<readonly NameAddress[]> = {
  key: 'contact',
  parse(headers) {
    const values: string[] = [];
    let name = '';
    for (const member of headers.all('Contact')) {
      // A comma in an unquoted display name: a member without scheme belongs to the next one.
      if (/^[^:<*]+$/.test(member)) {
        name += `${member}, `;
        continue;
      }
      values.push(name + member);
      name = '';
    }
    return (name ? [...values, name] : values).map(parseNameAddress);
  },
};

/** All Contact values; empty if there is none. */
export const contactsOf = ({ headers }: WithHeaders): readonly NameAddress[] => headers.parsed(CONTACTS);

const RECORD_ROUTES: FieldParser<readonly NameAddress[]> = {
  key: 'record-route',
  parse: (headers) => headers.all('Record-Route').map(parseNameAddress),
};

/** All Record-Route values in wire order: the proxy closest to the receiver first. */
export const recordRoutesOf = ({ headers }: WithHeaders): readonly NameAddress[] =>
  headers.parsed(RECORD_ROUTES);

export function callIdOf({ headers }: WithHeaders): string {
  const value = required(headers, 'Call-ID');
  if (value === '' || /\s/.test(value)) throw new SipSyntaxError('The Call-ID is malformed');
  return value;
}

const CSEQ: FieldParser<CSeq> = {
  key: 'cseq',
  parse(headers) {
    const match = /^(\d{1,20})\s+([A-Za-z0-9\-.!%*_+`'~]+)$/.exec(required(headers, 'CSeq'));
    if (!match) throw new SipSyntaxError('The CSeq is not a number and a method');
    const number = Number(match[1]);
    // RFC 3261 §8.1.1.5: the number is less than 2**31.
    if (number >= 2 ** 31) throw new SipSyntaxError('The CSeq number is 2**31 or more');
    return { number, method: match[2]! };
  },
};

export const cseqOf = ({ headers }: WithHeaders): CSeq => headers.parsed(CSEQ);

/** The Max-Forwards, 0–255; undefined if there is none, as in RFC 2543 requests. */
export function maxForwardsOf(message: WithHeaders): number | undefined {
  const value = message.headers.get('Max-Forwards');
  if (value === undefined) return undefined;
  if (!/^\d{1,10}$/.test(value) || Number(value) > 255) {
    throw new SipSyntaxError('Max-Forwards is not a number from 0 to 255');
  }
  return Number(value);
}

/** Largest `delta-seconds` (RFC 3261 §25.1): 32 bits. */
const MAX_SECONDS = 2 ** 32 - 1;

/**
 * Reads the leading seconds of a value such as `120 (maintenance)`. They are 0 to 4294967295, else undefined.
 * Callers must limit the value before they start a timer with it.
 */
export function deltaSeconds(text: string | undefined): number | undefined {
  const digits = /^\s*(\d+)/.exec(text ?? '')?.[1];
  return digits === undefined ? undefined : Math.min(Number(digits), MAX_SECONDS);
}

/** Whether the option tag is in a Supported or Require field. */
export function hasOption(message: WithHeaders, name: 'Supported' | 'Require', option: string): boolean {
  return message.headers.all(name).some((each) => each.toLowerCase() === option);
}
