import {
  deltaSeconds,
  type NameAddress,
  parseNameAddress,
  parseUri,
  type SipResponse,
} from '../sip/index.ts';

/** A registrar that asks us to stay away for longer is asked again after a day. */
const LONGEST_RETRY_AFTER = 86_400;

/**
 * RFC 3261 §10.2.4: the seconds that a 200 grants our Contact. Registrars rewrite Contacts, list those of others, and
 * write what cannot be read: without a Contact of ours the shortest time of all counts, then the whole message's.
 * @param asked what counts when the response says nothing.
 */
export function grantedSeconds(response: SipResponse, contact: string, asked: number): number {
  const all = response.headers.all('Contact').flatMap(read);
  const own = all.filter(({ uri }) => isSame(uri, contact));
  const expiries = (own.length > 0 ? own : all).flatMap(
    ({ params }) => deltaSeconds(params.get('expires')) ?? [],
  );
  if (expiries.length > 0) return Math.min(...expiries);
  return deltaSeconds(response.headers.get('Expires')) ?? asked;
}

/** RFC 3261 §20.23: what a 423 asks for at least, in seconds; undefined: nothing that can be read. */
export function minExpires(response: SipResponse): number | undefined {
  return response.status === 423 ? deltaSeconds(response.headers.get('Min-Expires')) : undefined;
}

/** RFC 3261 §20.33: the seconds before which we must not ask again, 0 to 86,400. */
export function retryAfter({ headers }: SipResponse): number {
  return Math.min(deltaSeconds(headers.get('Retry-After')) ?? 0, LONGEST_RETRY_AFTER);
}

/** Whether the same request will be refused again, and again, until somebody changes the account or the trunk. */
export function isLasting({ status }: SipResponse): boolean {
  const passing = [408, 423, 429, 480, 486, 491];
  return (status >= 300 && status < 500 && !passing.includes(status)) || status >= 600;
}

function read(value: string): NameAddress[] {
  try {
    return [parseNameAddress(value)];
  } catch {
    return [];
  }
}

function isSame(uri: string, contact: string): boolean {
  try {
    const [one, other] = [parseUri(uri), parseUri(contact)];
    const [port, ours] = [one.port ?? 5060, other.port ?? 5060];
    return one.host.toLowerCase() === other.host.toLowerCase() && port === ours && one.user === other.user;
  } catch {
    return false;
  }
}
