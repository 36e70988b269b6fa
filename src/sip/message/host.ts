import { parseIpAddress, parsePort } from '../../../contract/network-address.ts';
import { SipSyntaxError } from './syntax-error.ts';

// A name may hold an underscore: it is not in RFC 3261's grammar, but common in private domains.
const HOST_PORT = /^(?:([A-Za-z0-9_](?:[A-Za-z0-9_.-]*)?)|\[([0-9A-Fa-f:.]+)\])(?::(\d{1,8}))?$/;

/**
 * Reads `host`, `host:port`, `[IPv6]` or `[IPv6]:port`; the brackets are not part of the host. An address is kept in
 * the form of `parseIpAddress`.
 * @throws SipSyntaxError for a malformed host, and for a port that nothing can be sent to.
 */
export function parseHost(text: string): { host: string; port: number | undefined } {
  const [, name, literal, digits] = HOST_PORT.exec(text) ?? [];
  const host = literal?.includes(':') ? parseIpAddress(literal) : name;
  if (host === undefined) throw new SipSyntaxError(`${excerpt(text)} is not a host with a port`);
  if (digits === undefined) return { host, port: undefined };
  const port = parsePort(digits);
  if (port === undefined) throw new SipSyntaxError(`The port of ${excerpt(text)} is not between 1 and 65535`);
  return { host, port };
}

const excerpt = (text: string): string => JSON.stringify(text.slice(0, 80));

/** Puts brackets around an IPv6 address. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
