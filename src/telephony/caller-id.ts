import type { DialRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import { type ExtraHeaders, formatNameAddress, formatUri, parseUri, type UriParts } from '../sip/index.ts';

/** What an INVITE says of its caller. */
export interface CallerId {
  from: string;
  headers: ExtraHeaders;
}

/** What a call goes over, as far as its caller ID is concerned: a trunk, a host that a SIP URI names, or a phone. */
export type CallerIdRules =
  | Pick<CallerIdTrunk, 'customerId' | 'callerIds' | 'forwardCallerId'>
  | 'host'
  | 'phone';

export interface CallerIdTrunk {
  /** Whose it is; null: the operator's. */
  customerId: string | null;
  /** Default: `owned` of the operator's trunks, `any` of a customer's. */
  callerIds?: 'owned' | 'any';
  /** Default: true. */
  forwardCallerId?: boolean;
}

export interface CallerIdPorts {
  /** Whether a number is one of the customer's numbers, or was verified for the customer. */
  mayShow(customerId: string, number: string): boolean;
}

const ANONYMOUS = 'anonymous';
const NUMBER = /^\+?\d{1,20}$/;
/** Nothing that a proxy could take for a parameter (`;tgrp=x`), a host, or an escape. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/**
 * The user part of the caller ID: the one asked for where it may be shown, otherwise, for a call that is passed on,
 * the number that was called, or `anonymous`.
 * @throws Failure `caller_id_not_allowed` for one that was asked for, `invalid_request` for one that cannot be.
 */
export function shownCaller(request: DialRequest, over: CallerIdRules, ports: CallerIdPorts): string {
  const user = userOf(request.from);
  if (user !== undefined && isAllowed(user, request, over, ports)) return user;
  const { forwardedCall, customerId } = request;
  if (forwardedCall?.isReplaceable) {
    const called = userOf(forwardedCall.to);
    return called !== undefined && ports.mayShow(customerId, called) ? called : ANONYMOUS;
  }
  if (user === undefined) throw new Failure('invalid_request', NOT_A_CALLER_ID);
  throw new Failure('caller_id_not_allowed', `${user} ${NOT_ALLOWED}`);
}

const NOT_A_CALLER_ID =
  'from must be a number in E.164, or a SIP URI whose user part is a number, a name of letters, digits, ".", "_" and "-", or anonymous';
const NOT_ALLOWED =
  "cannot be shown as caller ID: from must be one of the customer's numbers or verified numbers (the operator adds them with POST /admin/v1/dids and POST /admin/v1/customers/:id/verified-numbers), unless the trunk has caller_ids any";

function isAllowed(user: string, request: DialRequest, over: CallerIdRules, ports: CallerIdPorts): boolean {
  const { customerId, forwardedCall } = request;
  if (user === ANONYMOUS || over === 'phone') return true;
  if (over !== 'host' && callerIdsOf(over) === 'any') return true;
  if (NUMBER.test(user) ? ports.mayShow(customerId, user) : over === 'host') return true;
  if (!forwardedCall || user !== userOf(forwardedCall.from)) return false;
  // What a customer's trunk or phone says of its caller must not leave over the operator's trunk.
  return over === 'host' || (forwardedCall.isTrusted && over.forwardCallerId !== false);
}

const callerIdsOf = ({ callerIds, customerId }: CallerIdTrunk): 'owned' | 'any' =>
  callerIds ?? (customerId === null ? 'owned' : 'any');

/**
 * The caller as the far end is shown it.
 * @param user what `shownCaller` returns.
 * @param at the host behind it.
 * @param trust `trusted` also asserts it (RFC 3325 §5: only towards those that we have an agreement with).
 */
export function callerId(user: string, at: Pick<UriParts, 'host' | 'port'>, trust?: 'trusted'): CallerId {
  if (user === ANONYMOUS) return HIDDEN;
  const uri = formatUri({ scheme: 'sip', user, ...at });
  return { from: `<${uri}>`, headers: trust ? [['P-Asserted-Identity', `<${uri}>`]] : [] };
}

/** E.164, a name, the user part of a SIP URI, or `anonymous`; undefined for what cannot be shown. */
function userOf(from: string): string | undefined {
  const user = /^sips?:/i.test(from) ? uriUserOf(from) : from;
  if (user === '') return ANONYMOUS;
  return user !== undefined && (NUMBER.test(user) || NAME.test(user)) ? user : undefined;
}

function uriUserOf(uri: string): string | undefined {
  try {
    return parseUri(uri).user ?? '';
  } catch {
    return undefined;
  }
}

// RFC 3323 §4.1
const HIDDEN: CallerId = {
  from: formatNameAddress({ displayName: 'Anonymous', uri: 'sip:anonymous@anonymous.invalid' }),
  headers: [['Privacy', 'id']],
};
