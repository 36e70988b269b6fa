import type { DialRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import { type ExtraHeaders, formatNameAddress, formatUri, parseUri, type UriParts } from '../sip/index.ts';

/** The caller ID in an INVITE. */
export interface CallerId {
  from: string;
  headers: ExtraHeaders;
}

/** The rules for the caller ID of a call: those of a trunk, of a host in a SIP URI, or of a phone. */
export type CallerIdRules =
  | Pick<CallerIdTrunk, 'customerId' | 'callerIds' | 'forwardCallerId'>
  | 'host'
  | 'phone';

export interface CallerIdTrunk {
  /** The customer who owns the trunk; null: the operator's trunk. */
  customerId: string | null;
  /** Default: `owned` for the operator's trunks, `any` for a customer's. */
  callerIds?: 'owned' | 'any';
  /** Default: true. */
  forwardCallerId?: boolean;
}

export interface CallerIdDeps {
  /** Whether a number belongs to the customer, or was verified for the customer. */
  mayShow(customerId: string, number: string): boolean;
}

const ANONYMOUS = 'anonymous';
const NUMBER = /^\+?\d{1,20}$/;
/** Excludes what a proxy could read as a parameter (`;tgrp=x`), a host, or an escape. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/**
 * Returns the user part of the caller ID that the far end is shown: the requested one if it may be shown. Otherwise a
 * call that is passed on shows the number that was called, or `anonymous`.
 * @throws Failure `caller_id_not_allowed`; `invalid_request` for a caller ID that is not valid.
 */
export function shownCaller(request: DialRequest, over: CallerIdRules, deps: CallerIdDeps): string {
  const user = userOf(request.from);
  if (user !== undefined && isAllowed(user, request, over, deps)) return user;
  const { forwardedCall, customerId } = request;
  if (forwardedCall?.isReplaceable) {
    const called = userOf(forwardedCall.to);
    return called !== undefined && deps.mayShow(customerId, called) ? called : ANONYMOUS;
  }
  if (user === undefined) throw new Failure('invalid_request', NOT_A_CALLER_ID);
  throw new Failure('caller_id_not_allowed', `${user} ${NOT_ALLOWED}`);
}

const NOT_A_CALLER_ID =
  'from must be a number in E.164, or a SIP URI whose user part is a number, a name of letters, digits, ".", "_" and "-", or anonymous';
const NOT_ALLOWED =
  "cannot be shown as caller ID: from must be one of the customer's numbers or verified numbers (the operator adds them with POST /admin/v1/dids and POST /admin/v1/customers/:id/verified-numbers), unless the trunk has caller_ids any";

function isAllowed(user: string, request: DialRequest, over: CallerIdRules, deps: CallerIdDeps): boolean {
  const { customerId, forwardedCall } = request;
  if (user === ANONYMOUS || over === 'phone') return true;
  if (over !== 'host' && callerIdsOf(over) === 'any') return true;
  if (NUMBER.test(user) ? deps.mayShow(customerId, user) : over === 'host') return true;
  if (!forwardedCall || user !== userOf(forwardedCall.from)) return false;
  // The caller ID of a customer's trunk or phone must not leave over the operator's trunk.
  return over === 'host' || (forwardedCall.isTrusted && over.forwardCallerId !== false);
}

const callerIdsOf = ({ callerIds, customerId }: CallerIdTrunk): 'owned' | 'any' =>
  callerIds ?? (customerId === null ? 'owned' : 'any');

/**
 * Formats the caller ID for an INVITE.
 * @param user from `shownCaller`.
 * @param at the host of the URI.
 * @param trust `trusted` adds P-Asserted-Identity (RFC 3325 §5: only for peers that we have an agreement with).
 */
export function callerId(user: string, at: Pick<UriParts, 'host' | 'port'>, trust?: 'trusted'): CallerId {
  if (user === ANONYMOUS) return HIDDEN;
  const uri = formatUri({ scheme: 'sip', user, ...at });
  return { from: `<${uri}>`, headers: trust ? [['P-Asserted-Identity', `<${uri}>`]] : [] };
}

/** The user part of a number, a name or a SIP URI; undefined if it is not valid as a caller ID. */
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
