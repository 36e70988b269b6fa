import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** All addresses of a host, in the order to try them; an address stands for itself. Rejects when there is none. */
export async function resolve(host: string): Promise<string[]> {
  if (isIP(host)) return [host];
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}
