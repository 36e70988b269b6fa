import { readFileSync } from 'node:fs';
import { addressIdentity } from '../../contract/network-address.ts';
import type { Admission, Route, Switchboard } from '../calls/index.ts';
import type { Config } from '../config.ts';
import { type Clock, detach, Failure, type Log, type Random, type Scope } from '../core/index.ts';
import { type Directory, normalizeNumber, PHONE_REALM, withPlus } from '../directory/index.ts';
import type { MediaEngine } from '../media/index.ts';
import type { Endpoint, Network } from '../net/index.ts';
import {
  createUserAgent,
  type Gate,
  type Hop,
  type SipRequest,
  type TlsOptions,
  timersFrom,
  toOf,
  type UserAgent,
} from '../sip/index.ts';
import {
  type CallerPorts,
  Carriers,
  calledByTrunk,
  createDialer,
  createInboundDoor,
  createOptionsHook,
  FailedLogins,
  type InboundPorts,
  loginOf,
  PhoneIdentity,
  RETRY_LATER,
  Registrar,
  refusalOfCaller,
} from '../telephony/index.ts';
import { type Door, watchDoor } from './door.ts';
import { cannotListen } from './listening.ts';
import { version } from './version.ts';

/** What the lines are built from. */
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

/** SIP, which does not listen yet: what places calls over it, and who is registered. */
export function openLines(parts: TelephonyParts) {
  const { config, clock, random, network, log, scope, directory, media } = parts;
  const publicAddress = config.publicAddress || undefined;
  const userAgent = createUserAgent({
    ...{ clock, random, network, log, publicAddress, tls: tlsOf(config) },
    host: config.sipHost,
    port: config.sipPort,
    timers: timersFrom(config.sipT1),
    userAgent: `MiniVoice/${version}`,
  });
  scope.defer('SIP', () => userAgent.close());
  const find = (username: string) => directory.phones.byUsername(username);
  const phones = new PhoneIdentity({
    ...{ find, realm: PHONE_REALM, clock, random },
    isOurs: (host) => isOurs(host, config, userAgent),
  });
  const registrar = new Registrar(phones, clock);
  const logins = new FailedLogins(phones, clock, log);
  const numbers = { normalizeNumber, withPlus, route: (number: string) => routeOf(directory, number) };
  const door = watchDoor({
    ...{ directory, registrar, clock, log },
    carriers: () => carriers,
    isTrusted: (address) => isTrusted(address, config),
    reachesNumber: (request, trunks) => calledByTrunk(request, trunks, numbers).route !== undefined,
  });
  const callers: CallerPorts = {
    ...{ trunkOwners: door.trunkOwners, phones },
    isRegisteredAt: (username, address) => registrar.isAt(address, username),
    reachesNumber: (request, address) =>
      calledByTrunk(request, door.trunksAt(address), numbers).route !== undefined,
    isTrusted: (address) => isTrusted(address, config),
  };
  // Who has to prove a password first: their requests are refused before anything is kept of them.
  const identify: Gate = (request, source) => {
    const refusal =
      (request.method === 'REGISTER' && registrar.refusal(request, source)) ||
      (isNewCall(request) && refusalOfCaller(request, source, callers)) ||
      undefined;
    if (refusal) door.refused(source, refusal.status === 403 ? 'refused' : 'asked');
    if (refusal?.status === 403) logins.refused(request, source);
    if (refusal?.status === 403 && isNewCall(request))
      log.warn({ source: source.address, status: 403, error: refusal.why }, 'INVITE refused');
    return refusal;
  };
  userAgent.gate = door.gate;
  userAgent.onRequest = (request, source) => {
    const reply = registrar.answer(request, source);
    if (reply.status === 403) door.refused(source, 'refused');
    if (reply.status === 403 && request.method === 'REGISTER') logins.refused(request, source);
    if (reply.status === 401) door.refused(source, 'asked');
    if (reply.status === 200) door.proven(source);
    return reply;
  };
  const isForeignTrunk = (place: { name: string; address: string }, customerId: string) =>
    !isLoopback(place.address) && door.isForeignTrunk(place, customerId);
  const allowPrivate = config.allowPrivateUrls;
  const trunksKnown = () => carriers.known();
  const reaching = {
    resolve: (host: string) => network.resolve(host),
    services: (name: string) => network.services(name),
    ...{ allowPrivate, random, isForeignTrunk, trunksKnown },
  };
  const carriers = new Carriers({
    ...{ userAgent, clock, log, ...reaching },
    trunks: () => directory.trunks.active(),
  });
  scope.defer('trunk registrations', () => carriers.close());
  reportTrunkProblems(directory, log);
  const dialer = createDialer({
    ...{ userAgent, media, clock, log, publicAddress, ...reaching },
    trunks: (customerId) => directory.trunks.outbound(customerId),
    phone: (username, customerId) =>
      find(username)?.customerId === customerId ? registrar.contacts(username) : undefined,
    isHere: (host, port) => isHere(host, port, config, userAgent),
    mayShow: (customerId, number) => directory.mayShow(customerId, number),
  });
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
  const gates = { door, identify, callers, numbers };
  return { userAgent, dialer, carriers, ...gates, states, login, logins, strangers: door.counts };
}

const isNewCall = (request: SipRequest): boolean =>
  request.method === 'INVITE' && toOf(request).tag === undefined;

export type Lines = ReturnType<typeof openLines>;

/** So long it is not tried again to open the ports of a call, after it has failed. */
const PORTS_MS = 1_000;

/** The last door to be opened: from now on calls come in. */
export async function openInboundDoor(
  { config, log, random, directory, media }: TelephonyParts,
  { userAgent, carriers, door, identify, callers, numbers }: Lines,
  { switchboard, admission }: { switchboard: Switchboard; admission: Admission },
): Promise<Endpoint> {
  userAgent.gate = (request, source) =>
    door.gate(request, source) ?? limit(request, source, door, admission) ?? identify(request, source);
  const ports: InboundPorts = {
    ...{ media, random, log, ...numbers, ...callers },
    trunksAt: door.trunksAt,
    ...{ refused: door.refused, proven: door.proven },
    publicAddress: config.publicAddress || undefined,
    open: (address) => door.isKnown(address) || !admission.ask(),
    noPorts: () => admission.hold('ports', PORTS_MS),
    routeOfPhone: ({ customerId }, called) =>
      numberOf(directory, customerId, called) ?? phoneOf(directory, customerId, called, userAgent),
    arrive: (arrival) => detach('calls.arrive', switchboard.arrive(arrival)),
  };
  userAgent.onInvite = createInboundDoor(ports);
  userAgent.onOptions = createOptionsHook(ports);
  const bound = await userAgent.listen().catch(cannotBind(config));
  // Our Contact has its port only now.
  carriers.refresh();
  directory.trunks.onChanged.on(() => carriers.refresh());
  return bound;
}

/** What is beyond the limit of the machine. Strangers are asked who they are first: they take nobody's place. */
function limit({ method }: SipRequest, { address }: Hop, door: Door, admission: Admission) {
  const isKnown = door.isKnown(address);
  // RFC 3261 §11.2: OPTIONS is answered as an INVITE would be, and so proxies go elsewhere while we stop.
  const probed = method === 'OPTIONS' && admission.closed === 'draining';
  const refused = method === 'INVITE' && (isKnown ? admission.ask() : admission.drowning);
  if (!probed && !refused) return undefined;
  return admission.drowning
    ? ('silence' as const)
    : { status: 503, headers: RETRY_LATER, why: 'No more calls can be taken now' };
}

/** TLS has a port of its own; whatever else fails to listen is UDP or TCP. */
const cannotBind =
  ({ sipHost, sipPort, sipTlsPort }: Config) =>
  (error: unknown) => {
    const isTls = sipTlsPort !== null && (error as { port?: number }).port === sipTlsPort;
    const portSetting = isTls ? 'MINIVOICE_SIP_TLS_PORT' : 'MINIVOICE_SIP_PORT';
    const port = isTls ? sipTlsPort : sipPort;
    return cannotListen({ hostSetting: 'MINIVOICE_SIP_HOST', host: sipHost, portSetting, port })(error);
  };

/** Reads the files that the settings name. Fails with `invalid_setting`. */
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

/** Whether a SIP URI means this server. */
function isHere(host: string, port: number | undefined, config: Config, userAgent: UserAgent): boolean {
  const isOurPort = port === undefined || port === userAgent.local.port || port === userAgent.tlsPort;
  return isOurPort && isOurs(host, config, userAgent);
}

/** Whether it is a name or an address of this server. */
function isOurs(host: string, { sipHost, publicAddress, sipDomain }: Config, { local }: UserAgent): boolean {
  const names = ['localhost', sipHost, publicAddress, sipDomain, local.address].filter(Boolean);
  return names.some((name) => name.toLowerCase() === host.toLowerCase());
}

/** Names trunks whose `inbound_ip` does not count, at the start and when a change makes one. */
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
      if (!known.has(key)) log.warn(fields, "a trunk's inbound_ip does not count");
    }
    known = new Set(found.map(({ key }) => key));
  };
  report();
  trunks.onChanged.on(report);
}

function routeOf(directory: Directory, number: string): Route | undefined {
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

/** A phone calls numbers of its own customer only: to others it would be a call for nothing. */
function numberOf(directory: Directory, customerId: string, called: string): Route | undefined {
  const route = routeOf(directory, called);
  return route?.customerId === customerId ? route : undefined;
}

/** Another phone of the customer. The call is kept with, and told to, the customer's first application. */
function phoneOf(
  directory: Directory,
  customerId: string,
  called: string,
  { local }: UserAgent,
): Route | undefined {
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

/** Contract 12: the machine itself may call while nobody else can. */
const isTrusted = (address: string, { sipHost }: Config): boolean =>
  isLoopback(sipHost) && isLoopback(address);

/** Whether it is an address of the machine to itself. */
function isLoopback(address: string): boolean {
  const host = addressIdentity(address);
  return host.startsWith('127.') || host === '::1';
}
