import type { SipMessage, SipRequest } from './message.ts';
import {
  callIdOf,
  contactsOf,
  cseqOf,
  fromOf,
  maxForwardsOf,
  recordRoutesOf,
  routesOf,
  toOf,
} from './readers.ts';
import { type Refusal, SipSyntaxError } from './syntax-error.ts';
import { parseUri } from './uri.ts';
import { parseVia } from './via.ts';

const ONCE = ['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Content-Type'];

/**
 * RFC 3261 §8.1.1 and §8.2.2.1: are the fields that everything else relies on there, once, and readable?
 * @returns what to answer a request with, or why to drop a response; undefined for a sound message.
 */
export function validate(message: SipMessage): Refusal | undefined {
  try {
    checkFields(message);
    if (message.kind === 'request') checkRequest(message);
    return undefined;
  } catch (error) {
    if (error instanceof SipSyntaxError) return { status: error.status, message: error.message };
    throw error;
  }
}

function checkFields(message: SipMessage): void {
  for (const name of ONCE) {
    if (message.headers.lines(name) > 1) throw new SipSyntaxError(`There is more than one ${name}`);
  }
  const hops = message.headers.all('Via').map(parseVia);
  if (hops.length === 0) throw new SipSyntaxError('There is no Via');
  // RFC 3261 §8.1.1.7: the cookie promises that the branch is unique; alone it cannot be.
  if (hops[0]!.branch === 'z9hG4bK') throw new SipSyntaxError('The branch of the Via is only the cookie');
  for (const read of [callIdOf, fromOf, toOf, cseqOf, contactsOf, routesOf, recordRoutesOf]) read(message);
}

function checkRequest(request: SipRequest): void {
  if (cseqOf(request).method !== request.method) {
    throw new SipSyntaxError('The method of the CSeq is not that of the request');
  }
  maxForwardsOf(request);
  // RFC 3261 §19.1.1, table 1: a Request-URI has no headers.
  if (parseUri(request.uri).headers.size > 0) throw new SipSyntaxError('The Request-URI has header fields');
}
