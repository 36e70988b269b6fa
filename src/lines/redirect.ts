import { contactsOf, parseUri, type SipResponse } from '../sip/index.ts';
import type { Way } from './way.ts';

/** How many places of one 3xx are tried. */
const MAX_CONTACTS = 3;

/** RFC 3261 §8.1.3.4: the ways that a 3xx names, the best first. */
export function redirected(way: Way, response: SipResponse): Way[] {
  try {
    const contacts = contactsOf(response)
      .filter(({ uri }) => /^sips?:/i.test(uri))
      .sort((a, b) => weight(b.params.get('q')) - weight(a.params.get('q')));
    return contacts.slice(0, MAX_CONTACTS).map(({ uri }) => wayTo(uri, way));
  } catch {
    // A Contact that cannot be read leads nowhere.
    return [];
  }
}

function wayTo(uri: string, way: Way): Way {
  const next: Way = { ...way, name: `${way.name} → ${uri}`, target: uri, destination: uri };
  // Our name and a proof of our password are for the host that they were made for.
  if (hostOf(uri) !== hostOf(way.target)) delete next.credentials;
  return next;
}

const hostOf = (uri: string): string => parseUri(uri).host.toLowerCase();

const weight = (q: string | undefined): number => {
  const value = Number(q ?? '1');
  return Number.isFinite(value) ? value : 0;
};
