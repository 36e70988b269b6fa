import {
  deltaSeconds,
  type NameAddress,
  parseNameAddress,
  parseUri,
  type SipResponse,
} from '../sip/index.ts';

/** Seconds: the longest Retry-After that we follow. */
const LONGEST_RETRY_AFTER = 86_400;

/**
 * The seconds that a 200 grants our Contact (RFC 3261 §10.2.4). Some registrars rewrite our Contact or list only those
 * of others: then the shortest time of all counts, and without any the Expires of the message.
 * @param asked the result if the response has no time.
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

/** RFC 3261 §20.23: the shortest time that a 423 accepts, in seconds; undefined if it has none. */
export function minExpires(response: SipResponse): number | undefined {
  return response.status === 423 ? deltaSeconds(response.headers.get('Min-Expires')) : undefined;
}

/** RFC 3261 §20.33: the seconds to wait before the next request, 0 to 86,400. */
export function retryAfter({ headers }: SipResponse): number {
  return Math.min(deltaSeconds(headers.get('Retry-After')) ?? 0, LONGEST_RETRY_AFTER);
}

/** Whether the same request will be refused again until the account or the trunk is changed. */
export function isLasting({ status }: SipResponse): boolean {
  const temporary = [408, 423, 429, 480, 486, 491];
  return (status >= 300 && status < 500 && !temporary.includes(status)) || status >= 600;
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
