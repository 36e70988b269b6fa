import { lookup, Resolver } from 'node:dns/promises';
import { parseHostPort, parseIpAddress } from '../../contract/network-address.ts';
import { type Clock, Failure, systemClock } from '../core/index.ts';
import type { Resolve, ResolvedAddress } from './address-guard.ts';
import { type Answer, NameCache } from './name-cache.ts';

/** Where a service of a domain is (RFC 2782). */
export interface ServiceRecord {
  name: string;
  port: number;
  /** The lowest is to be tried first. */
  priority: number;
  /** How often, among those of the same priority. */
  weight: number;
}

/** Finds hosts and services by name. */
export interface NameService {
  /** All addresses of a host, IPv4 first; an address stands for itself. Rejects when there is none. */
  resolve: Resolve;
  /**
   * The SRV records of `_sip._udp.example.com`; none where there are none.
   * Rejects with `connect_failed` when the name servers do not answer.
   */
  services(name: string): Promise<ServiceRecord[]>;
}

/** The lifetime of names that this machine itself knows, and of SRV records: Node does not report it. */
const DEFAULT_LIFETIME_MS = 30_000;

/**
 * Asks DNS without taking a thread, and the machine (its hosts file, its search domains) only for what DNS says
 * it does not know.
 *
 * `getaddrinfo` alone would do, but it waits in the thread pool that also writes files: a hundred requests to a
 * customer's name whose servers are silent would hold up every other customer's.
 */
export function createNameService(dns: Resolver, clock: Clock): NameService {
  const hosts = new NameCache(clock, (name) => askForHost(dns, name), isSilence);
  const services = new NameCache(clock, (name) => askForService(dns, name), isSilence);
  return {
    async resolve(hostname) {
      const literal = parseIpAddress(hostname);
      if (literal !== undefined) return [{ address: literal, family: literal.includes(':') ? 6 : 4 }];
      // getaddrinfo takes `127.1` and `0x7f000001` for addresses: nobody who checked the text has seen them as such.
      if (!parseHostPort(hostname)) throw new Error(`getaddrinfo ENOTFOUND ${hostname}`);
      return hosts.get(hostname);
    },
    services: (name) => services.get(name),
  };
}

async function askForHost(dns: Resolver, hostname: string): Promise<Answer<ResolvedAddress[]>> {
  if (hostname.includes('.')) {
    const ttl = { ttl: true } as const;
    const [v4, v6] = await Promise.allSettled([dns.resolve4(hostname, ttl), dns.resolve6(hostname, ttl)]);
    const found = [...recordsOf(v4), ...recordsOf(v6)];
    if (found.length > 0) {
      const lifetimeMs = 1000 * Math.min(...found.map((record) => record.ttl));
      return { value: found.map(({ address }) => resolved(address)), lifetimeMs };
    }
    for (const result of [v4, v6])
      if (result.status === 'rejected' && isSilent(result.reason)) throw silence(hostname);
  }
  const found = await lookup(hostname, { all: true });
  return { value: found.map(({ address }) => resolved(address)), lifetimeMs: DEFAULT_LIFETIME_MS };
}

async function askForService(dns: Resolver, name: string): Promise<Answer<ServiceRecord[]>> {
  try {
    const records = await dns.resolveSrv(name);
    // RFC 2782: a target of "." says that the service is decidedly not there, and a port of 0 leads nowhere.
    const value = records.filter((record) => record.name !== '' && record.port > 0);
    return { value, lifetimeMs: DEFAULT_LIFETIME_MS };
  } catch (error) {
    if (isSilent(error as NodeJS.ErrnoException)) throw silence(name);
    return { value: [], lifetimeMs: DEFAULT_LIFETIME_MS };
  }
}

type Records = { address: string; ttl: number }[];

const recordsOf = (result: PromiseSettledResult<Records>): Records =>
  result.status === 'fulfilled' ? result.value : [];

function resolved(text: string): ResolvedAddress {
  const address = parseIpAddress(text) ?? text;
  return { address, family: address.includes(':') ? 6 : 4 };
}

/** ECONNREFUSED is not among them: a machine without a name server lives by its hosts file. */
const isSilent = (error: NodeJS.ErrnoException): boolean =>
  ['ETIMEOUT', 'ESERVFAIL', 'EREFUSED'].includes(error.code ?? '');

const silence = (name: string): Failure =>
  new Failure('connect_failed', `the name servers of ${name} do not answer`);

const isSilence = (error: unknown): boolean => error instanceof Failure;

const systemNames = createNameService(new Resolver({ timeout: 1500, tries: 2 }), systemClock);

/** By the machine's own name servers; gives up after about four seconds. */
export const systemResolve: Resolve = systemNames.resolve;
export const systemServices = systemNames.services;
