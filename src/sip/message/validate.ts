import type { SipMessage, SipRequest, SipResponse } from './message.ts';
import { formatNameAddress, parseNameAddress } from './name-address.ts';
import {
  callIdOf,
  contactsOf,
  cseqOf,
  fromOf,
  maxForwardsOf,
  recordRoutesOf,
  tagIn,
  toOf,
  topVia,
} from './readers.ts';
import { type Refusal, SipSyntaxError } from './syntax-error.ts';
import { checkTarget } from './target.ts';
import { parseUri } from './uri.ts';
import { parseVia } from './via.ts';

const ONCE = ['From', 'To', 'Call-ID', 'CSeq'];
const ONCE_OUTSIDE = [...ONCE, 'Max-Forwards', 'Content-Type'];

/**
 * Checks that the required fields exist, once, and can be read. Inside a dialog these are the tags, Call-ID and CSeq
 * (RFC 3261 §12.2.2), outside also those of RFC 3261 §8.1.1.
 * @returns the refusal of a request, or the fault of a response; undefined for a valid message.
 */
export function validate(message: SipMessage): Refusal | undefined {
  if (message.kind === 'response') {
    const fault = message.fault ?? faultOf(message);
    return fault === undefined ? undefined : { status: 400, message: fault };
  }
  try {
    const inside = checkKeys(message);
    // RFC 3261 §9.2 and §17.1.1.3: these only name a transaction.
    if (!inside && message.method !== 'CANCEL' && message.method !== 'ACK') checkOutside(message);
    return undefined;
  } catch (error) {
    if (error instanceof SipSyntaxError) return { status: error.status, message: error.message };
    throw error;
  }
}

/** @returns is it inside a dialog? */
function checkKeys(request: SipRequest): boolean {
  for (const name of ONCE) requireOnce(request, name);
  // RFC 3261 §8.1.1.7: the cookie promises that the branch is unique; alone it cannot be.
  if (topVia(request).branch === 'z9hG4bK')
    throw new SipSyntaxError('The branch of the Via is only the cookie');
  callIdOf(request);
  fromOf(request);
  if (cseqOf(request).method !== request.method) {
    throw new SipSyntaxError('The method of the CSeq is not that of the request');
  }
  return toOf(request).tag !== undefined;
}

function checkOutside(request: SipRequest): void {
  for (const name of ONCE_OUTSIDE) requireOnce(request, name);
  for (const via of request.headers.all('Via')) parseVia(via);
  for (const name of ['From', 'To']) parseNameAddress(request.headers.get(name)!);
  for (const read of [contactsOf, readRoutes, maxForwardsOf]) read(request);
  // RFC 3261 §19.1.1, table 1: a Request-URI has no headers.
  if (parseUri(request.uri).headers.size > 0) throw new SipSyntaxError('The Request-URI has header fields');
}

/** The requests of the dialog go to these; our own go to the one next to us. */
function readRoutes(message: SipMessage): void {
  const routes = recordRoutesOf(message);
  const other = routes.find(({ uri }) => !/^sips?:/i.test(uri));
  if (other) throw new SipSyntaxError(`The Record-Route ${other.uri.slice(0, 80)} is not a SIP URI`);
  const next = message.kind === 'request' ? routes[0] : routes.at(-1);
  if (next) checkTarget(next.uri);
}

function requireOnce({ headers }: SipRequest, name: string): void {
  if (headers.lines(name) > 1) throw new SipSyntaxError(`There is more than one ${name}`);
}

/**
 * Finds what cannot be read in a response; `repair` replaces it.
 * @returns a sentence; undefined for a valid response.
 */
export function faultOf(response: SipResponse): string | undefined {
  try {
    for (const name of ['From', 'To']) parseNameAddress(response.headers.get(name) ?? '');
    for (const read of [topVia, cseqOf, callIdOf, contactsOf, readRoutes]) read(response);
    return undefined;
  } catch (error) {
    if (error instanceof SipSyntaxError) return error.message;
    throw error;
  }
}

/** Replaces unreadable fields of a response by those of its request, and removes the others. */
export function repair(response: SipResponse, request: SipRequest): void {
  const { headers } = response;
  const tag = tagIn(headers.get('To') ?? '');
  headers.set('Via', request.headers.all('Via').slice(0, 1));
  for (const name of ['From', 'Call-ID', 'CSeq']) headers.set(name, request.headers.get(name)!);
  const own = parseNameAddress(request.headers.get('To')!);
  if (!isReadable(({ headers }) => parseNameAddress(headers.get('To') ?? ''), response))
    headers.set('To', formatNameAddress({ ...own, tag: own.tag ?? tag }));
  // Without its route a Contact leads nowhere.
  const routed = isReadable(readRoutes, response);
  if (!routed) headers.remove('Record-Route');
  if (!routed || !isReadable(contactsOf, response)) headers.remove('Contact');
}

function isReadable(read: (response: SipResponse) => unknown, response: SipResponse): boolean {
  try {
    read(response);
    return true;
  } catch {
    return false;
  }
}
