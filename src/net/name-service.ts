import { lookup, Resolver } from 'node:dns/promises';
import { Failure } from '../kit/index.ts';
import type { Resolve, ResolvedAddress } from './address-guard.ts';

/**
 * Asks DNS without taking a thread, and the machine (its hosts file, its search domains) only for what DNS says
 * it does not know.
 *
 * `getaddrinfo` alone would do, but it waits in the thread pool that also writes files: a hundred requests to a
 * customer's name whose servers are silent would hold up every other customer's.
 */
export function nameService(dns: Resolver): Resolve {
  return async (hostname) => {
    if (hostname.includes('.')) {
      const [v4, v6] = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)]);
      const found = [...addresses(v4, 4), ...addresses(v6, 6)];
      if (found.length > 0) return found;
      if (isSilent(v4) || isSilent(v6)) {
        throw new Failure('connect_failed', `the name servers of ${hostname} do not answer`);
      }
    }
    return (await lookup(hostname, { all: true })) as ResolvedAddress[];
  };
}

function addresses(result: PromiseSettledResult<string[]>, family: 4 | 6): ResolvedAddress[] {
  return result.status === 'fulfilled' ? result.value.map((address) => ({ address, family })) : [];
}

const isSilent = (result: PromiseSettledResult<unknown>): boolean =>
  result.status === 'rejected' && ['ETIMEOUT', 'ESERVFAIL'].includes(result.reason.code);

/** Where a service of a domain is (RFC 2782). */
export interface ServiceRecord {
  name: string;
  port: number;
  /** The lowest is to be tried first. */
  priority: number;
  /** How often, among those of the same priority. */
  weight: number;
}

/** The SRV records of `_sip._udp.example.com`; none where there are none, or nobody says so. Never rejects. */
export async function systemServices(name: string): Promise<ServiceRecord[]> {
  return new Resolver({ timeout: 1500, tries: 1 }).resolveSrv(name).catch(() => []);
}

/** By the machine's own name servers; gives up after about four seconds. */
export const systemResolve: Resolve = nameService(new Resolver({ timeout: 1500, tries: 2 }));
