import { type ExtraHeaders, formatNameAddress, formatUri, parseUri, type UriParts } from '../sip/index.ts';

/** What an INVITE says of its caller. */
export interface CallerId {
  from: string;
  headers: ExtraHeaders;
}

/**
 * The caller as the far end is shown it.
 * @param from E.164, a name, a SIP URI of which only the user counts, or `anonymous`.
 * @param at the host behind it.
 * @param trust `trusted` also asserts it (RFC 3325 §5: only towards those that we have an agreement with).
 */
export function callerId(from: string, at: Pick<UriParts, 'host' | 'port'>, trust?: 'trusted'): CallerId {
  const user = userOf(from);
  if (user === 'anonymous') return ANONYMOUS;
  const uri = formatUri({ scheme: 'sip', user, ...at });
  return { from: `<${uri}>`, headers: trust ? [['P-Asserted-Identity', `<${uri}>`]] : [] };
}

function userOf(from: string): string {
  if (!/^sips?:/i.test(from)) return from || 'anonymous';
  return parseUri(from).user || 'anonymous';
}

// RFC 3323 §4.1
const ANONYMOUS: CallerId = {
  from: formatNameAddress({ displayName: 'Anonymous', uri: 'sip:anonymous@anonymous.invalid' }),
  headers: [['Privacy', 'id']],
};
