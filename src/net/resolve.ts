import { lookup } from 'node:dns/promises';
import { parseHostPort, parseIpAddress } from '../../contract/network-address.ts';

/** All addresses of a host, in the order to try them; an address stands for itself. Rejects when there is none. */
export async function resolve(host: string): Promise<string[]> {
  const literal = parseIpAddress(host);
  if (literal !== undefined) return [literal];
  // getaddrinfo takes `127.1` and `0x7f000001` for addresses: nobody who checked the text has seen them as such.
  if (!parseHostPort(host)) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => parseIpAddress(address) ?? address);
}
