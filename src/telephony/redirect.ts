import { contactsOf, parseUri, type SipResponse } from '../sip/index.ts';
import type { Way } from './way.ts';

/** How many places of one 3xx are tried. */
const MAX_CONTACTS = 3;

/**
 * RFC 3261 §8.1.3.4: the ways that a 3xx names, the best first.
 * @param customerId whose call it is.
 */
export function redirected(way: Way, response: SipResponse, customerId: string): Way[] {
  try {
    const contacts = contactsOf(response)
      .filter(({ uri }) => /^sips?:/i.test(uri))
      .sort((a, b) => weight(b.params.get('q')) - weight(a.params.get('q')));
    return contacts.slice(0, MAX_CONTACTS).map(({ uri }) => wayTo(uri, way, customerId));
  } catch {
    // A Contact that cannot be read leads nowhere.
    return [];
  }
}

function wayTo(uri: string, way: Way, customerId: string): Way {
  const { route: _, ...same } = way;
  const next: Way = { ...same, name: `${way.name} → ${uri}`, target: uri, destination: uri };
  // Whom a customer's peer names is not charged for like a number: it must lead to nobody's trunk but his.
  if (way.guarded) next.straightFor = customerId;
  // Our name and a proof of our password are for the host that they were made for.
  if (hostOf(uri) !== hostOf(way.target)) delete next.credentials;
  return next;
}

const hostOf = (uri: string): string => parseUri(uri).host.toLowerCase();

const weight = (q: string | undefined): number => {
  const value = Number(q ?? '1');
  return Number.isFinite(value) ? value : 0;
};
