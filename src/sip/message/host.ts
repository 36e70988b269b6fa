import { isIPv6 } from 'node:net';
import { SipSyntaxError } from './syntax-error.ts';

// A name may hold an underscore: it is not in RFC 3261's grammar, but common in private domains.
const HOST_PORT = /^(?:([A-Za-z0-9_](?:[A-Za-z0-9_.-]*)?)|\[([0-9A-Fa-f:.]+)\])(?::(\d{1,5}))?$/;

/** Reads `host`, `host:port`, `[IPv6]` or `[IPv6]:port`; the brackets are not part of the host. */
export function parseHost(text: string): { host: string; port: number | undefined } {
  const match = HOST_PORT.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  const sound = host !== undefined && (match?.[2] === undefined || isIPv6(host)) && (port ?? 1) <= 65535;
  if (!sound) throw new SipSyntaxError(`${JSON.stringify(text.slice(0, 80))} is not a host with a port`);
  return { host, port };
}

/** Puts brackets around an IPv6 address. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
