import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { Failure } from './core/index.ts';
import {
  baseUrl,
  flag,
  host,
  infoOf,
  ipAddress,
  misspelled,
  networks,
  oneOf,
  portOrOff,
  portRange,
  type SettingInfo,
  setting,
  text,
  wholeNumber,
} from './setting-types.ts';

const port = wholeNumber(0, 65_535);
const days = wholeNumber(0, 36_500);

/** All settings. The defaults work on a fresh machine. */
const schema = z.object({
  httpHost: setting('MINIVOICE_HTTP_HOST', ipAddress, '127.0.0.1', 'address of the REST API'),
  httpPort: setting('MINIVOICE_HTTP_PORT', port, '8080', 'port of the REST API; 0 picks a free one'),
  sipHost: setting('MINIVOICE_SIP_HOST', ipAddress, '127.0.0.1', 'address for SIP and RTP'),
  sipPort: setting('MINIVOICE_SIP_PORT', port, '5060', 'port of SIP over UDP and TCP; 0 picks a free one'),
  sipTlsPort: setting(
    'MINIVOICE_SIP_TLS_PORT',
    portOrOff,
    'off',
    'port of SIP over TLS; off: only outgoing TLS connections; 0 picks a free one',
  ),
  sipTlsCert: setting(
    'MINIVOICE_SIP_TLS_CERT',
    text,
    '',
    'PEM file with the certificate of this server and the intermediate ones',
  ),
  sipTlsKey: setting('MINIVOICE_SIP_TLS_KEY', text, '', 'PEM file with the key of the certificate'),
  sipTlsCa: setting(
    'MINIVOICE_SIP_TLS_CA',
    text,
    '',
    "PEM file with certificate authorities to trust besides the machine's own",
  ),
  sipDomain: setting(
    'MINIVOICE_SIP_DOMAIN',
    host,
    '',
    'host name of this server in SIP URIs, besides its address',
  ),
  customerTrunkIpv4Prefix: setting(
    'MINIVOICE_CUSTOMER_TRUNK_IPV4_PREFIX',
    wholeNumber(0, 32),
    '24',
    "shortest IPv4 prefix that a customer's trunk may use in inbound_ip",
  ),
  customerTrunkIpv6Prefix: setting(
    'MINIVOICE_CUSTOMER_TRUNK_IPV6_PREFIX',
    wholeNumber(0, 128),
    '64',
    'the same for IPv6',
  ),
  rtpPorts: setting('MINIVOICE_RTP_PORTS', portRange, '20000-29999', 'ports for RTP (even) and RTCP (odd)'),
  publicAddress: setting(
    'MINIVOICE_PUBLIC_ADDRESS',
    host,
    '',
    'address in SDP and Contact; empty: the address of SIP',
  ),
  publicUrl: setting(
    'MINIVOICE_PUBLIC_URL',
    baseUrl,
    '',
    'public URL of the REST API, for file_url; empty: the address of the REST API',
  ),
  trustedProxies: setting(
    'MINIVOICE_TRUSTED_PROXIES',
    networks,
    '',
    'proxies whose X-Forwarded-For or Forwarded header names the client; empty: none',
  ),
  metricsToken: setting(
    'MINIVOICE_METRICS_TOKEN',
    text,
    '',
    'token for /metrics; empty: the admin token, or no token on loopback',
    { isSecret: true },
  ),
  dataDir: setting(
    'MINIVOICE_DATA_DIR',
    text,
    './data',
    'folder for the database, recordings, cached speech and secrets (mode 0700)',
  ),
  adminToken: setting(
    'MINIVOICE_ADMIN_TOKEN',
    text,
    '',
    'token for /admin/v1; empty: generated at the first start and kept in the data folder',
    { isSecret: true },
  ),
  allowPrivateUrls: setting(
    'MINIVOICE_ALLOW_PRIVATE_URLS',
    flag,
    'false',
    "allows http and private addresses in customers' URLs, for development and tests",
  ),
  mediaWorkers: setting(
    'MINIVOICE_MEDIA_WORKERS',
    wholeNumber(1, 256),
    String(Math.max(1, availableParallelism() - 1)),
    'number of media threads; default: cores − 1',
  ),
  maxCalls: setting(
    'MINIVOICE_MAX_CALLS',
    wholeNumber(1, 100_000),
    '2000',
    'limit of simultaneous calls; further ones get 503 with Retry-After',
  ),
  maxCallSeconds: setting(
    'MINIVOICE_MAX_CALL_SECONDS',
    wholeNumber(0, 2_000_000),
    '14400',
    'limit of the duration of a call from its answer, in seconds; 0: no limit',
  ),
  mediaTimeoutSeconds: setting(
    'MINIVOICE_MEDIA_TIMEOUT_SECONDS',
    wholeNumber(0, 86_400),
    '300',
    'ends a call after this many seconds without RTP and RTCP (except on hold); 0 disables it',
  ),
  sipT1: setting(
    'MINIVOICE_SIP_T1_MS',
    wholeNumber(20, 5000),
    '500',
    'T1 of RFC 3261: the first retransmission interval; requests time out after 64 times T1',
  ),
  drainSeconds: setting(
    'MINIVOICE_DRAIN_SECONDS',
    wholeNumber(0, 86_400),
    '30',
    'how long running calls may continue after SIGTERM, in seconds',
  ),
  recordingDays: setting(
    'MINIVOICE_RECORDING_DAYS',
    days,
    '0',
    'deletes recordings after this many days; 0: never',
  ),
  callDays: setting(
    'MINIVOICE_CALLS_DAYS',
    days,
    '365',
    'deletes calls and everything derived from them after this many days, once their recordings are deleted; 0: never',
  ),
  eventDays: setting(
    'MINIVOICE_EVENTS_DAYS',
    days,
    '90',
    'deletes events and their delivery attempts after this many days, unless undelivered; 0: never',
  ),
  timelineDays: setting(
    'MINIVOICE_TIMELINES_DAYS',
    days,
    '90',
    'deletes timelines of calls after this many days; 0: never',
  ),
  chargeDays: setting(
    'MINIVOICE_CHARGES_DAYS',
    days,
    '730',
    'deletes settled charges after this many days; balances do not change; 0: never',
  ),
  recognizer: setting(
    'MINIVOICE_RECOGNISER',
    oneOf('base', 'tiny', 'off'),
    'base',
    'speech-to-text model used when the application configures no server',
  ),
  transcriptions: setting(
    'MINIVOICE_TRANSCRIPTIONS',
    wholeNumber(1, 64),
    '1',
    'recordings transcribed at the same time, each by a process with one thread and about 450 MB',
  ),
  node: setting(
    'MINIVOICE_NODE',
    wholeNumber(0, 999),
    '0',
    'number of this process among its nodes: the last digits of every id',
  ),
  logLevel: setting(
    'MINIVOICE_LOG_LEVEL',
    oneOf('debug', 'info', 'warn', 'error', 'silent'),
    'info',
    'lowest level that is logged',
  ),
  logFormat: setting(
    'MINIVOICE_LOG_FORMAT',
    oneOf('pretty', 'json'),
    process.stdout.isTTY ? 'pretty' : 'json',
    'format of the log; default: pretty on a terminal, otherwise json',
  ),
});

/** The parsed value of every setting. */
export type Config = z.output<typeof schema>;

type Environment = Record<string, string | undefined>;

/** All settings with their names, defaults and descriptions, by key of `Config`. */
export const settings = Object.fromEntries(
  Object.entries(schema.shape).map(([key, each]) => [key, infoOf(each)]),
) as Record<keyof Config, SettingInfo>;

const names = Object.values(settings).map(({ name }) => name);

/** Reads all settings. Fails with `invalid_setting`, naming every invalid one. */
export function readConfig(env: Environment): Config {
  const unknown = Object.keys(env).flatMap((variable) => misspelled(variable, names) ?? []);
  const given = Object.entries(settings).map(([key, { name }]) => [key, env[name]]);
  const { success, data, error } = schema.safeParse(Object.fromEntries(given));
  const invalid = new Set(error?.issues.map(({ path }) => path[0] as keyof Config));
  const problems = [...unknown, ...[...invalid].map((key) => problemOf(settings[key], env))];
  if (success && problems.length === 0) return data;
  throw new Failure('invalid_setting', `Invalid settings: ${problems.join('; ')}`);
}

const problemOf = ({ name, allowed }: SettingInfo, env: Environment): string =>
  `${name}=${JSON.stringify(env[name]?.trim())} must be ${allowed}`;

/** Lists all settings with description, default and current value, as the command `config` prints them. */
export function describeConfig(env: Environment): string {
  const lines = Object.values(settings).map(({ name, description, allowed, isSecret, ...info }) => {
    const given = env[name]?.trim();
    const shown = given && (isSecret ? '(set)' : given);
    const value = shown || `${info.default || '(empty)'}   (default)`;
    return `${name}=${value}\n    ${description}${allowed ? ` (${allowed})` : ''}\n`;
  });
  return lines.join('');
}
