/** The server that a bench measures: MiniVoice, which it starts, or any SIP server by its address. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { begin, freePort } from '../../e2e/support/peers.ts';
import { Server } from '../../e2e/support/server.ts';
import { silentLog, systemClock, systemRandom } from '../../src/core/index.ts';
import { systemNetwork } from '../../src/net/index.ts';
import { createOffer } from '../../src/sdp/index.ts';
import { createUserAgent } from '../../src/sip/index.ts';
import type { Options } from '../options.ts';
import { ApplicationProcess } from './application-process.ts';
import { applicationCore, pin, pinUntilExit, type Usage, usageOf } from './process.ts';

/** Users that another server has to answer; docs/guides/benchmark.md states what each of them does. */
export type Service = 'answer' | 'record' | 'bridge' | 'conference' | 'stream';

/** What the benches need of a server. */
export interface Target {
  sip: { host: string; port: number };
  /** 0 if it is not on this machine. */
  pid: number;
  /** MiniVoice itself, with REST and metrics. */
  miniVoice: Server | undefined;
  /** Prepares it. @returns the user to call. */
  offer(service: Service, document: object): Promise<{ to: string; application?: ApplicationProcess }>;
  close(): Promise<void>;
}

const NUMBERS: Record<Service, string> = {
  answer: '+15550107777',
  record: '+15550107778',
  bridge: '+15550107779',
  conference: '+15550107780',
  stream: '+15550107781',
};

export async function startTarget(options: Options, env: Record<string, string> = {}): Promise<Target> {
  pin(process.pid, applicationCore(options.core));
  return options.server ? otherServer(options) : miniVoice(options, env);
}

function otherServer({ server, pid, core }: Options): Target {
  const [host = '', port] = server.split(':');
  const sip = { host, port: Number(port) };
  if (pid > 0) pinUntilExit(pid, core);
  return {
    sip,
    pid,
    miniVoice: undefined,
    async offer(service) {
      await tryCall(sip, service);
      return { to: service };
    },
    close: async () => {},
  };
}

const ANSWER_MS = 4000;

/** Calls once; not by OPTIONS, which some servers ignore. @throws unless there is any response. */
async function tryCall({ host, port }: Target['sip'], user: string): Promise<void> {
  const HOST = '127.0.0.1';
  const deps = { clock: systemClock, random: systemRandom, network: systemNetwork, log: silentLog };
  const userAgent = createUserAgent({ ...deps, host: HOST, port: freePort(), userAgent: 'bench' });
  await userAgent.listen();
  const media = {
    address: HOST,
    port: freePort(),
    sessionId: 1,
    version: 1,
    codecs: ['PCMU' as const],
    telephoneEvent: true,
  };
  const sdp = createOffer({ ...media, direction: 'sendrecv' });
  const target = `sip:${user}@${host}:${port}`;
  const invite = userAgent.invite({ target, from: `sip:bench@${HOST}`, sdp, timeoutMs: ANSWER_MS });
  const result = await invite.result;
  if (result.kind === 'accepted') await result.dialog.bye();
  await userAgent.close();
  if (!invite.responded) throw new Error(`${host}:${port} does not answer SIP`);
}

async function miniVoice(options: Options, env: Record<string, string>): Promise<Target> {
  const server = await startMiniVoice(options, env);
  const applications: ApplicationProcess[] = [];
  return {
    sip: server.sip,
    pid: server.pid,
    miniVoice: server,
    async offer(service, document) {
      const application = await ApplicationProcess.start(document, applicationCore(options.core));
      applications.push(application);
      const fields = { ...application.urls, webhook_secret: 'a secret' };
      await server.application(fields, NUMBERS[service]);
      return { to: NUMBERS[service], application };
    },
    async close() {
      await server.stop();
      for (const application of applications) application.close();
    },
  };
}

/** Starts MiniVoice on one core, as `npm start` does. Transcription is off unless `env` switches it on. */
export function startMiniVoice(
  { directory, core, profile }: Pick<Options, 'directory' | 'core' | 'profile'>,
  env: Record<string, string> = {},
  dataDir?: string,
): Promise<Server> {
  const folder = directory || resolve(import.meta.dirname, '../..');
  const launch = (data: string, more: Record<string, string> = {}) => launchIn(folder, core, data, more);
  const profiling = profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(profile)}` };
  const settings = { ...SETTINGS, ...profiling, ...env };
  return Server.start({ launch, env: settings, ...(dataDir === undefined ? {} : { dataDir }) });
}

/** CPU and memory of MiniVoice, and the beats of its media threads, so far. */
export type Snapshot = Usage & { beats: number; late: number };

export async function snapshot(server: Server): Promise<Snapshot> {
  const [beats, late] = await server.metricValues('media_beats_total', 'media_late_beats_total');
  return { ...usageOf(server.pid), beats, late };
}

/** Beats that began more than 10 ms late, per thousand. */
export const lateBeats = (before: Snapshot, after: Snapshot): number =>
  (1000 * (after.late - before.late)) / (after.beats - before.beats);

const SETTINGS = {
  MINIVOICE_HTTP_PORT: '0',
  MINIVOICE_SIP_PORT: '0',
  MINIVOICE_ADMIN_TOKEN: 'e2e-admin-token',
  MINIVOICE_ALLOW_PRIVATE_URLS: 'true',
  MINIVOICE_DRAIN_SECONDS: '1',
  MINIVOICE_RECOGNISER: 'off',
};

function launchIn(folder: string, core: number, dataDir: string, more: Record<string, string>): ChildProcess {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // The script first installs what is missing; what follows replaces the shell.
  const start = scripts.start
    .split('&&')
    .at(-1)
    .trim()
    .replace(/^exec /, '');
  const env = { ...process.env, ...more, MINIVOICE_DATA_DIR: dataDir };
  return begin('sh', ['-c', `exec taskset -c ${core} ${start}`], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
