import { lookup, Resolver } from 'node:dns/promises';
import { parseHostPort, parseIpAddress } from '../../contract/network-address.ts';
import { type Clock, Failure, systemClock } from '../core/index.ts';
import type { Resolve, ResolvedAddress } from './address-guard.ts';
import { type Answer, NameCache } from './name-cache.ts';

/** An SRV record: one location of a service of a domain (RFC 2782). */
export interface ServiceRecord {
  name: string;
  port: number;
  /** The lowest is tried first. */
  priority: number;
  /** The relative frequency among records of the same priority. */
  weight: number;
}

/** Looks up hosts and services by name. */
export interface NameService {
  /** Returns all addresses of a host, IPv4 first; for an IP address, itself. Rejects when there are none. */
  resolve: Resolve;
  /**
   * Returns the SRV records of a name such as `_sip._udp.example.com`, perhaps none.
   * Rejects with `connect_failed` when the name servers do not answer.
   */
  services(name: string): Promise<ServiceRecord[]>;
}

/** The lifetime of names from the hosts file and of SRV records, for which Node reports none. */
const DEFAULT_LIFETIME_MS = 30_000;

/**
 * Creates a name service that asks DNS first, and then the system (hosts file, search domains).
 *
 * `getaddrinfo` alone would do, but it blocks the thread pool that also writes files: a hundred requests for one
 * customer's name whose servers do not answer would delay all other customers.
 */
export function createNameService(dns: Resolver, clock: Clock): NameService {
  const hosts = new NameCache(clock, (name) => lookUpHost(dns, name), isOutage);
  const services = new NameCache(clock, (name) => lookUpService(dns, name), isOutage);
  return {
    async resolve(hostname) {
      const literal = parseIpAddress(hostname);
      if (literal !== undefined) return [{ address: literal, family: literal.includes(':') ? 6 : 4 }];
      // getaddrinfo accepts `127.1` and `0x7f000001` as addresses, which the checks of literals do not recognize.
      if (!parseHostPort(hostname)) throw new Error(`getaddrinfo ENOTFOUND ${hostname}`);
      return hosts.get(hostname);
    },
    services: (name) => services.get(name),
  };
}

async function lookUpHost(dns: Resolver, hostname: string): Promise<Answer<ResolvedAddress[]>> {
  if (hostname.includes('.')) {
    const ttl = { ttl: true } as const;
    const [v4, v6] = await Promise.allSettled([dns.resolve4(hostname, ttl), dns.resolve6(hostname, ttl)]);
    const found = [...recordsOf(v4), ...recordsOf(v6)];
    if (found.length > 0) {
      const lifetimeMs = 1000 * Math.min(...found.map((record) => record.ttl));
      return { value: found.map(({ address }) => resolved(address)), lifetimeMs };
    }
    for (const result of [v4, v6])
      if (result.status === 'rejected' && isNoAnswer(result.reason)) throw outage(hostname);
  }
  const found = await lookup(hostname, { all: true });
  return { value: found.map(({ address }) => resolved(address)), lifetimeMs: DEFAULT_LIFETIME_MS };
}

async function lookUpService(dns: Resolver, name: string): Promise<Answer<ServiceRecord[]>> {
  try {
    const records = await dns.resolveSrv(name);
    // RFC 2782: a target of "." means that the service is not available. A port of 0 is unusable.
    const value = records.filter((record) => record.name !== '' && record.port > 0);
    return { value, lifetimeMs: DEFAULT_LIFETIME_MS };
  } catch (error) {
    if (isNoAnswer(error as NodeJS.ErrnoException)) throw outage(name);
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

/** ECONNREFUSED is not among them: a machine without a name server relies on its hosts file. */
const isNoAnswer = (error: NodeJS.ErrnoException): boolean =>
  ['ETIMEOUT', 'ESERVFAIL', 'EREFUSED'].includes(error.code ?? '');

const outage = (name: string): Failure =>
  new Failure('connect_failed', `the name servers of ${name} do not answer`);

const isOutage = (error: unknown): boolean => error instanceof Failure;

const systemNames = createNameService(new Resolver({ timeout: 1500, tries: 2 }), systemClock);

/** Looks up a host with the name servers of this machine; rejects after about four seconds. */
export const systemResolve: Resolve = systemNames.resolve;
/** Looks up SRV records with the name servers of this machine. */
export const systemServices = systemNames.services;
