import { decodeText, type ExtraHeaders, encodeText, type SipRequest } from '../sip/index.ts';

/** Header fields by name, in the order of the message. */
export type SipHeaders = Record<string, string>;

/** Limits of the header fields that an application gets, because every event of the call repeats them. */
const MAX_HEADERS = 32;
const MAX_BYTES = 8 * 1024;

/** Fields that every caller may set: RFC 5806, RFC 7044, RFC 7433. */
const PASSED_ON = new Map(
  ['Diversion', 'History-Info', 'User-to-User'].map((name) => [name.toLowerCase(), name]),
);
/** RFC 3325 §5: valid only from a sender in the same trust domain. */
const ASSERTED = 'P-Asserted-Identity';

/**
 * Selects the header fields of an INVITE that its application gets. Several fields of one name are joined by commas.
 * Names that RFCs define have their usual spelling, other names that of the message.
 * @param trusted whether the INVITE comes from a trunk, whose P-Asserted-Identity is passed on.
 */
export function sipHeadersOf(request: SipRequest, trusted: boolean): SipHeaders {
  const spelled = new Map(PASSED_ON);
  if (trusted) spelled.set(ASSERTED.toLowerCase(), ASSERTED);
  const found: SipHeaders = Object.create(null);
  let bytes = 0;
  let count = 0;
  for (const [written, value] of request.headers) {
    const key = written.toLowerCase();
    const name = spelled.get(key) ?? (/^x-./.test(key) ? written : undefined);
    if (name === undefined || (found[name] === undefined && count === MAX_HEADERS)) continue;
    const size = name.length + value.length;
    if (bytes + size > MAX_BYTES) continue;
    bytes += size;
    if (found[name] === undefined) count++;
    spelled.set(key, name);
    const text = decodeText(value);
    found[name] = found[name] === undefined ? text : `${found[name]}, ${text}`;
  }
  return { ...found };
}

/** Encodes the header fields that an application sets for a SIP message. */
export const toHeaders = (headers: SipHeaders = {}): ExtraHeaders =>
  Object.entries(headers).map(([name, value]) => [name, encodeText(value)]);
