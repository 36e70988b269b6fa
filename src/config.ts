import { availableParallelism } from 'node:os';
import { parseNetwork } from '../contract/ip-network.ts';
import { nearest } from '../contract/nearest.ts';
import { parseHostPort, parseIpAddress } from '../contract/network-address.ts';
import { Failure, type LogLevel } from './core/index.ts';

/** One setting: the environment variable that sets it, its default, and what it means. */
interface Setting<T> {
  name: string;
  default: string;
  meaning: string;
  /** The values that it takes, as a person would say them; left out where it takes any text. */
  allowed?: string;
  /** Turns the text into a value; returns undefined where it is not allowed. */
  read(text: string): T | undefined;
  /** Never shown in full. */
  secret?: boolean;
}

const text = (name: string, fallback: string, meaning: string): Setting<string> => ({
  name,
  default: fallback,
  meaning,
  read: (value) => value,
});

const count = (
  name: string,
  fallback: string,
  meaning: string,
  from: number,
  to: number,
): Setting<number> => ({
  name,
  default: fallback,
  meaning,
  allowed: `a whole number from ${from} to ${to}`,
  read: (value) => (/^\d+$/.test(value) && +value >= from && +value <= to ? +value : undefined),
});

const flag = (name: string, fallback: string, meaning: string): Setting<boolean> => ({
  name,
  default: fallback,
  meaning,
  allowed: 'true, false, 1 or 0',
  read: (value) => ({ true: true, '1': true, false: false, '0': false })[value.toLowerCase()],
});

const oneOf = <T extends string>(
  name: string,
  fallback: T,
  meaning: string,
  values: readonly T[],
): Setting<T> => ({
  name,
  default: fallback,
  meaning,
  allowed: `one of ${values.join(', ')}`,
  read: (value) => values.find((candidate) => candidate === value),
});

const range = (name: string, fallback: string, meaning: string): Setting<{ from: number; to: number }> => ({
  name,
  default: fallback,
  meaning,
  allowed: 'two ports from 1024 to 65535, at least 3 apart, such as 20000-29999',
  read(value) {
    const [from, to] = /^\d+-\d+$/.test(value) ? value.split('-').map(Number) : [];
    if (!from || !to || from < 1024 || to > 65_535 || to - from < 3) return undefined;
    return { from, to };
  },
});

const NETWORK = 'addresses and CIDR blocks, separated by commas, such as 127.0.0.1,10.0.0.0/8';

function networksOf(value: string): string[] | undefined {
  const networks = value.split(/[\s,]+/).filter(Boolean);
  return networks.every((network) => parseNetwork(network)) ? networks : undefined;
}

const address = (name: string, fallback: string, meaning: string): Setting<string> => ({
  ...text(name, fallback, meaning),
  allowed: 'an IP address, without brackets or port',
  read: parseIpAddress,
});

/** A host without a port, or nothing. */
const host = (name: string, meaning: string): Setting<string> => ({
  ...text(name, '', meaning),
  allowed: 'a host name or an IP address, without a port',
  read(value) {
    const literal = parseIpAddress(value);
    if (value === '' || literal !== undefined) return literal ?? '';
    const place = parseHostPort(value);
    return place?.port === undefined ? place?.host : undefined;
  },
});

/** Every setting of the program. Each has a default with which it runs on a fresh machine. */
export const settings = {
  httpHost: address('MINIVOICE_HTTP_HOST', '127.0.0.1', 'address of REST and the status page'),
  httpPort: count(
    'MINIVOICE_HTTP_PORT',
    '8080',
    'port of REST and the status page; 0 picks a free one',
    0,
    65_535,
  ),
  sipHost: address('MINIVOICE_SIP_HOST', '127.0.0.1', 'address that SIP and RTP are bound to'),
  sipPort: count('MINIVOICE_SIP_PORT', '5060', 'SIP over UDP and TCP; 0 picks a free one', 0, 65_535),
  sipTlsPort: {
    name: 'MINIVOICE_SIP_TLS_PORT',
    default: 'off',
    meaning: 'SIP over TLS; off: we only connect to others; 0 picks a free one',
    allowed: 'off, or a whole number from 0 to 65535',
    read: (value) => (value === 'off' ? null : /^\d+$/.test(value) && +value <= 65_535 ? +value : undefined),
  } as Setting<number | null>,
  sipTlsCert: text('MINIVOICE_SIP_TLS_CERT', '', 'file with our certificate and those above it, in PEM'),
  sipTlsKey: text('MINIVOICE_SIP_TLS_KEY', '', 'file with the key of the certificate, in PEM'),
  sipTlsCa: text(
    'MINIVOICE_SIP_TLS_CA',
    '',
    'file with authorities, in PEM, whose certificates are believed besides those that the machine believes',
  ),
  sipDomain: host(
    'MINIVOICE_SIP_DOMAIN',
    'a host name that means this server in SIP URIs, besides its address',
  ),
  customerTrunkIpv4Prefix: count(
    'MINIVOICE_CUSTOMER_TRUNK_IPV4_PREFIX',
    '24',
    "how wide a block of IPv4 addresses a customer's trunk may name in inbound_ip: the bits that are fixed at least",
    0,
    32,
  ),
  customerTrunkIpv6Prefix: count('MINIVOICE_CUSTOMER_TRUNK_IPV6_PREFIX', '64', 'the same for IPv6', 0, 128),
  rtpPorts: range('MINIVOICE_RTP_PORTS', '20000-29999', 'ports for RTP (even) and RTCP (the next)'),
  publicAddress: host('MINIVOICE_PUBLIC_ADDRESS', 'what SDP and Contact say; empty: the address bound'),
  publicUrl: {
    ...text('MINIVOICE_PUBLIC_URL', '', 'how the world reaches REST, for file_url; empty: as bound'),
    allowed: 'a URL that begins with http:// or https://',
    read: (value) =>
      value === '' || /^https?:\/\/[^\s/]/.test(value) ? value.replace(/\/+$/, '') : undefined,
  } as Setting<string>,
  trustedProxies: {
    name: 'MINIVOICE_TRUSTED_PROXIES',
    default: '',
    meaning: 'proxies before REST whose X-Forwarded-For or Forwarded names the client; empty: none',
    allowed: NETWORK,
    read: networksOf,
  } as Setting<string[]>,
  metricsToken: {
    ...text(
      'MINIVOICE_METRICS_TOKEN',
      '',
      'opens /metrics; empty: the admin token does, or nothing is needed on loopback',
    ),
    secret: true,
  },
  dataDir: text('MINIVOICE_DATA_DIR', './data', 'database, recordings, prompts cache, secrets (made 0700)'),
  adminToken: {
    ...text(
      'MINIVOICE_ADMIN_TOKEN',
      '',
      'for /admin/v1; empty: made at the first start and kept in the data folder',
    ),
    secret: true,
  },
  allowPrivateUrls: flag(
    'MINIVOICE_ALLOW_PRIVATE_URLS',
    'false',
    'lets customers’ URLs be http and reach private addresses: for development and tests',
  ),
  mediaWorkers: count(
    'MINIVOICE_MEDIA_WORKERS',
    String(Math.max(1, availableParallelism() - 1)),
    'media threads; the default is cores − 1',
    1,
    256,
  ),
  maxCalls: count(
    'MINIVOICE_MAX_CALLS',
    '2000',
    'calls at once; further ones get 503 with Retry-After',
    1,
    100_000,
  ),
  maxCallSeconds: count(
    'MINIVOICE_MAX_CALL_SECONDS',
    '14400',
    'how long a call may last from its answer on; 0 sets no limit',
    0,
    2_000_000,
  ),
  mediaTimeoutSeconds: count(
    'MINIVOICE_MEDIA_TIMEOUT_SECONDS',
    '300',
    'a call ends when neither RTP nor RTCP has come for so long, but for one on hold; 0 waits for ever',
    0,
    86_400,
  ),
  sipT1: count(
    'MINIVOICE_SIP_T1_MS',
    '500',
    'T1 of RFC 3261: what goes unanswered is sent again after it, and given up after 64 times as long',
    20,
    5000,
  ),
  drainSeconds: count(
    'MINIVOICE_DRAIN_SECONDS',
    '30',
    'how long running calls may go on after SIGTERM',
    0,
    86_400,
  ),
  recordingDays: count(
    'MINIVOICE_RECORDING_DAYS',
    '0',
    'recordings older than this are deleted; 0 keeps them',
    0,
    36_500,
  ),
  callDays: count(
    'MINIVOICE_CALLS_DAYS',
    '365',
    'calls older than this are deleted with everything derived from them, once their recordings are; 0 keeps them',
    0,
    36_500,
  ),
  eventDays: count(
    'MINIVOICE_EVENTS_DAYS',
    '90',
    'events older than this, and the attempts to deliver them, are deleted, unless undelivered; 0 keeps them',
    0,
    36_500,
  ),
  timelineDays: count(
    'MINIVOICE_TIMELINES_DAYS',
    '90',
    'timelines of calls older than this are deleted; 0 keeps them',
    0,
    36_500,
  ),
  chargeDays: count(
    'MINIVOICE_CHARGES_DAYS',
    '730',
    'charges settled longer ago than this are deleted; balances stay as they are; 0 keeps them',
    0,
    36_500,
  ),
  recogniser: oneOf<'base' | 'tiny' | 'off'>(
    'MINIVOICE_RECOGNISER',
    'base',
    'what writes recordings down where an application names no server of its own',
    ['base', 'tiny', 'off'],
  ),
  transcriptions: count(
    'MINIVOICE_TRANSCRIPTIONS',
    '1',
    'recordings transcribed at once, each by a process of one thread, the lowest priority and some 450 MB',
    1,
    64,
  ),
  node: count(
    'MINIVOICE_NODE',
    '0',
    'this process’s number among its peers: the last digits of every id',
    0,
    999,
  ),
  logLevel: oneOf<LogLevel>('MINIVOICE_LOG_LEVEL', 'info', 'JSON lines on stdout', [
    'debug',
    'info',
    'warn',
    'error',
    'silent',
  ]),
} satisfies Record<string, Setting<unknown>>;

type Values<S> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** Every setting's value, checked. */
export type Config = Values<typeof settings>;

/** Reads all settings; fails with `invalid_setting`, naming every wrong one at once. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const wrong = Object.keys(env).flatMap((name) => misspelled(name) ?? []);
  const entries = Object.entries<Setting<unknown>>(settings).map(([key, setting]) => {
    const given = env[setting.name]?.trim() || setting.default;
    const value = setting.read(given);
    if (value === undefined)
      wrong.push(`${setting.name}=${JSON.stringify(given)} must be ${setting.allowed}`);
    return [key, value];
  });
  if (wrong.length > 0) throw new Failure('invalid_setting', `Invalid settings: ${wrong.join('; ')}`);
  return Object.fromEntries(entries) as Config;
}

/** Settings of other programs: where an application finds the server, as in `examples/`. */
const OF_OTHERS = ['MINIVOICE_URL', 'MINIVOICE_API_KEY'];

/** What is wrong with a variable that is named like a setting and is none: it would be ignored without a word. */
function misspelled(name: string): string | undefined {
  const names = Object.values<Setting<unknown>>(settings).map((setting) => setting.name);
  if (!/^minivoice_/i.test(name) || names.includes(name) || OF_OTHERS.includes(name)) return undefined;
  const short = (text: string) => text.slice('MINIVOICE_'.length).toLowerCase();
  const close = nearest(short(name), names.map(short));
  const like = close ? [close] : names.map(short).filter((each) => each.split('_').includes(short(name)));
  const meant = like.slice(0, 3).map((each) => `MINIVOICE_${each.toUpperCase()}`);
  const hint = meant.length > 0 ? `did you mean ${meant.join(' or ')}?` : 'the command config lists all';
  return `there is no setting ${name}: ${hint}`;
}

/** A table of all settings with meaning, default and the value in force, as `minivoice config` prints it. */
export function describeConfig(env: Record<string, string | undefined>): string {
  return Object.values<Setting<unknown>>(settings)
    .map((setting) => {
      const given = env[setting.name]?.trim();
      const value = given
        ? setting.secret
          ? '(set)'
          : given
        : `${setting.default || '(empty)'}   (default)`;
      const allowed = setting.allowed ? ` (${setting.allowed})` : '';
      return `${setting.name}=${value}\n    ${setting.meaning}${allowed}\n`;
    })
    .join('');
}
