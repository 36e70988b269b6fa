import { readFileSync } from 'node:fs';
import { addressIdentity } from '../../contract/network-address.ts';
import type { Admission, CallRoute, Switchboard } from '../calls/index.ts';
import type { Config } from '../config.ts';
import { type Clock, detach, Failure, type Log, type Random, type Scope } from '../core/index.ts';
import { type Directory, normalizeNumber, PHONE_REALM, withPlus } from '../directory/index.ts';
import type { MediaEngine } from '../media/index.ts';
import type { Endpoint, Network } from '../net/index.ts';
import { createUserAgent, type TlsOptions, timersFrom, type UserAgent } from '../sip/index.ts';
import {
  Carriers,
  createDialer,
  FailedLogins,
  Ingress,
  loginOf,
  PhoneIdentity,
  Registrar,
  SourceBlocker,
  TrunkAddresses,
} from '../telephony/index.ts';
import { cannotListen } from './listening.ts';
import { version } from './platform.ts';

/** What telephony is built from. */
export interface TelephonyParts {
  config: Config;
  log: Log;
  clock: Clock;
  random: Random;
  network: Network;
  scope: Scope;
  directory: Directory;
  media: MediaEngine;
}

/** Builds the SIP user agent with all that places calls over it. It does not listen yet: see `listenForCalls`. */
export function openTelephony(parts: TelephonyParts) {
  const { config, clock, log, scope, directory } = parts;
  const userAgent = openUserAgent(parts);
  const phones = new PhoneIdentity({
    find: (username) => directory.phones.byUsername(username),
    ...{ realm: PHONE_REALM, clock, random: parts.random },
    isOurs: (host) => isOurs(host, config, userAgent),
  });
  const registrar = new Registrar(phones, clock);
  const logins = new FailedLogins(phones, clock, log);
  const blocker = new SourceBlocker(clock);
  const trunks = new TrunkAddresses(directory.trunks, () => carriers);
  const reaching = reachingOf(parts, trunks, () => carriers);
  const carriers = new Carriers({
    ...{ userAgent, clock, log, ...reaching },
    trunks: () => directory.trunks.active(),
  });
  scope.defer('trunk registrations', () => carriers.close());
  reportTrunkProblems(directory, log);
  const dialer = openDialer(parts, { userAgent, phones, registrar, reaching });
  const states = {
    phone: ({ id, username }: { id: string; username: string }) => ({
      registeredAt: registrar.registeredAt(username),
      failedLogin: logins.last(id),
    }),
    trunkRegistered: (id: string) => carriers.registered(id),
  };
  const login = (account: string) => {
    const trunk = directory.trunks.active().find(({ id }) => id === account);
    return trunk && loginOf(trunk);
  };
  return { userAgent, dialer, carriers, trunks, phones, registrar, logins, blocker, states, login };
}

export type Telephony = ReturnType<typeof openTelephony>;

/** Attaches the ingress to the user agent and starts to listen: from now on calls arrive. */
export async function listenForCalls(
  { config, network, log, random, directory, media }: TelephonyParts,
  { userAgent, carriers, trunks, phones, registrar, logins, blocker }: Telephony,
  { switchboard, admission }: { switchboard: Switchboard; admission: Admission },
): Promise<Endpoint> {
  const ingress = new Ingress({
    ...{ media, random, log, phones, registrar, logins, blocker, admission },
    publicAddress: config.publicAddress || undefined,
    sources: {
      trunksAt: (address) => trunks.at(address),
      isPhoneAt: (address, username) => registrar.isAt(address, username),
      isTrusted: (address) => isTrusted(address, config, network),
    },
    numbers: {
      ...{ normalizeNumber, withPlus, route: (number: string) => routeOf(directory, number) },
      routeOfPhone: ({ customerId }, called) =>
        numberOf(directory, customerId, called) ?? phoneOf(directory, customerId, called, userAgent),
    },
    arrive: (arrival) => detach('calls.arrive', switchboard.arrive(arrival)),
  });
  ingress.attach(userAgent);
  const bound = await userAgent.listen().catch(cannotBind(config));
  // The Contact of our registrations has its port only now.
  carriers.refresh();
  directory.trunks.onChanged.on(() => carriers.refresh());
  return bound;
}

function openUserAgent({ config, clock, random, network, log, scope }: TelephonyParts): UserAgent {
  const userAgent = createUserAgent({
    ...{ clock, random, network, log, tls: tlsOf(config) },
    publicAddress: config.publicAddress || undefined,
    host: config.sipHost,
    port: config.sipPort,
    timers: timersFrom(config.sipT1),
    userAgent: `MiniVoice/${version}`,
  });
  scope.defer('SIP', () => userAgent.close());
  return userAgent;
}

/** What finds the hosts of trunks and SIP URIs, and keeps calls off hosts that they must not reach. */
function reachingOf(
  { config, random, network }: TelephonyParts,
  trunks: TrunkAddresses,
  carriers: () => Carriers,
) {
  return {
    resolve: (host: string) => network.resolve(host),
    services: (name: string) => network.services(name),
    ...{ random, allowPrivate: config.allowPrivateUrls },
    isForeignTrunk: (host: { name: string; address: string }, customerId: string) =>
      !isLoopback(host.address) && trunks.isForeign(host, customerId),
    trunksKnown: () => carriers().known(),
  };
}

function openDialer(
  { config, clock, log, directory, media }: TelephonyParts,
  {
    userAgent,
    phones,
    registrar,
    reaching,
  }: {
    userAgent: UserAgent;
    phones: PhoneIdentity;
    registrar: Registrar;
    reaching: ReturnType<typeof reachingOf>;
  },
) {
  return createDialer({
    ...{ userAgent, media, clock, log, ...reaching },
    publicAddress: config.publicAddress || undefined,
    trunks: (customerId) => directory.trunks.outbound(customerId),
    phone: (username, customerId) =>
      phones.find(username)?.customerId === customerId ? registrar.contacts(username) : undefined,
    isHere: (host, port) => isHere(host, port, config, userAgent),
    mayShow: (customerId, number) => directory.mayShow(customerId, number),
  });
}

/** Names the settings of the port that could not be bound: TLS has its own, UDP and TCP share one. */
const cannotBind =
  ({ sipHost, sipPort, sipTlsPort }: Config) =>
  (error: unknown) => {
    const isTls = sipTlsPort !== null && (error as { port?: number }).port === sipTlsPort;
    const portSetting = isTls ? 'MINIVOICE_SIP_TLS_PORT' : 'MINIVOICE_SIP_PORT';
    const port = isTls ? sipTlsPort : sipPort;
    return cannotListen({ hostSetting: 'MINIVOICE_SIP_HOST', host: sipHost, portSetting, port })(error);
  };

/** Reads the certificate files that the settings name. Fails with `invalid_setting`. */
function tlsOf({ sipTlsPort: port, sipTlsCert, sipTlsKey, sipTlsCa }: Config): TlsOptions {
  const ca = sipTlsCa ? { ca: readPem('MINIVOICE_SIP_TLS_CA', sipTlsCa) } : {};
  if (port === null) return ca;
  const cert = readPem('MINIVOICE_SIP_TLS_CERT', sipTlsCert);
  return { ...ca, server: { port, cert, key: readPem('MINIVOICE_SIP_TLS_KEY', sipTlsKey) } };
}

function readPem(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Failure('invalid_setting', `${setting} must name a file that can be read`, { cause });
  }
}

/** Whether the host and port of a SIP URI name this server. */
function isHere(host: string, port: number | undefined, config: Config, userAgent: UserAgent): boolean {
  const isOurPort = port === undefined || port === userAgent.local.port || port === userAgent.tlsPort;
  return isOurPort && isOurs(host, config, userAgent);
}

/** Whether a host is a name or an address of this server. */
function isOurs(host: string, { sipHost, publicAddress, sipDomain }: Config, { local }: UserAgent): boolean {
  const names = ['localhost', sipHost, publicAddress, sipDomain, local.address].filter(Boolean);
  return names.some((name) => name.toLowerCase() === host.toLowerCase());
}

/** Logs trunks whose `inbound_ip` is ignored, at the start and after each change. */
function reportTrunkProblems({ trunks }: Directory, log: Log): void {
  let known = new Set<string>();
  const report = () => {
    const found = [...trunks.problems()].map(({ trunk, problem }) => ({
      trunk,
      problem,
      key: `${trunk.id} ${problem}`,
    }));
    for (const { trunk, problem, key } of found) {
      const { id, customerId, inboundIp } = trunk;
      const fields = { trunk_id: id, customer_id: customerId, inbound_ip: inboundIp, problem };
      if (!known.has(key)) log.warn(fields, "a trunk's inbound_ip is ignored");
    }
    known = new Set(found.map(({ key }) => key));
  };
  report();
  trunks.onChanged.on(report);
}

function routeOf(directory: Directory, number: string): CallRoute | undefined {
  const found = directory.route(number);
  if (!found) return undefined;
  const { did, application } = found;
  return {
    customerId: application.customerId,
    applicationId: application.id,
    answerUrl: application.answerUrl,
    routeMode: did.routeMode,
    routingTarget: did.routeMode === 'sip' ? (did.routingTarget ?? '') : application.id,
  };
}

/** Phones call the numbers of their own customer only: other calls would not be charged. */
function numberOf(directory: Directory, customerId: string, called: string): CallRoute | undefined {
  const route = routeOf(directory, called);
  return route?.customerId === customerId ? route : undefined;
}

/** Another phone of the customer. The call belongs to the customer's first application. */
function phoneOf(
  directory: Directory,
  customerId: string,
  called: string,
  { local }: UserAgent,
): CallRoute | undefined {
  const phone = directory.phones.byUsername(called);
  const application = directory.applicationsOf(customerId)[0];
  if (phone?.customerId !== customerId || !application) return undefined;
  return {
    customerId,
    applicationId: application.id,
    answerUrl: application.answerUrl,
    routeMode: 'sip',
    routingTarget: `sip:${phone.username}@${local.address}:${local.port}`,
  };
}

/**
 * Contract 12: this machine may call without a password while SIP listens on loopback only. Many softphones send from
 * the address of a network interface, also to loopback.
 */
const isTrusted = (address: string, { sipHost }: Config, network: Network): boolean =>
  isLoopback(sipHost) && (isLoopback(address) || network.hasAddress(address));

/** Whether an address is a loopback address. */
function isLoopback(address: string): boolean {
  const host = addressIdentity(address);
  return host.startsWith('127.') || host === '::1';
}
