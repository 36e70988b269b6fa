/** The whole application in virtual time: memory network, memory HTTP, media in process. For tests only. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Api } from '../../api/index.ts';
import { type AudioClip, SAMPLE_RATE } from '../../audio/index.ts';
import { readConfig } from '../../config.ts';
import { type Log, seededRandom, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { createMediaEngine, inProcessThread } from '../../media/index.ts';
import { networkSockets } from '../../net/index.ts';
import { MemoryHttp } from '../../net/testing/memory-http.ts';
import { MemoryNetwork } from '../../net/testing/memory-network.ts';
import { type App, type Platform, startApp } from '../index.ts';

/** The address of the application on the memory network. */
export const SERVER = '10.0.0.1';
/** The frequency of everything that the simulated speech engine says, in Hz. */
export const SPEECH_HZ = 440;
const ADMIN_TOKEN = 'simulated-admin-token';
const MS_PER_CHARACTER = 60;

type Response = { status: number; body: Record<string, unknown> };

/** A running application and its simulated surroundings. */
export interface Simulation {
  app: App;
  clock: VirtualClock;
  network: MemoryNetwork;
  http: MemoryHttp;
  /** Sends an API request with the admin token, without a port. */
  api(method: 'GET' | 'POST', path: string, body?: object): Promise<Response>;
  /** Lets virtual time pass until the promise settles. Rejects after ten virtual minutes. */
  run<T>(work: Promise<T>): Promise<T>;
  /** Lets virtual time pass until the condition is true. */
  until(condition: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the application on a simulated platform. */
export async function simulate(
  options: { log?: Log; env?: Record<string, string> } = {},
): Promise<Simulation> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock, seededRandom(1));
  const http = new MemoryHttp(clock);
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-simulation-'));
  let api: Api | undefined;
  const platform = simulatedPlatform({ clock, network, http, log: options.log ?? silentLog }, (served) => {
    api = served;
  });
  const config = readConfig({
    MINIVOICE_DATA_DIR: folder,
    MINIVOICE_SIP_HOST: SERVER,
    MINIVOICE_RTP_PORTS: '20000-20099',
    MINIVOICE_MEDIA_WORKERS: '1',
    MINIVOICE_RECOGNISER: 'off',
    MINIVOICE_ADMIN_TOKEN: ADMIN_TOKEN,
    ...options.env,
  });
  const run = <T>(work: Promise<T>) => passTime(clock, work);
  const app = await run(startApp(config, platform));
  return {
    ...{ app, clock, network, http, run },
    async api(method, path, body) {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
      const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
      const response = await run(api!.inject({ method, url: path, headers, ...payload }));
      return { status: response.statusCode, body: response.json() };
    },
    async until(condition) {
      const end = clock.monotonic() + LIMIT_MS;
      while (!condition()) {
        if (clock.monotonic() > end)
          throw new Error('the condition did not become true in ten virtual minutes');
        await advance(clock, STEP_MS);
      }
    },
    async stop() {
      await run(app.stop(0));
      rmSync(folder, { recursive: true });
    },
  };
}

/** The step of `until`. */
const STEP_MS = 5;
/** The step of `run`. */
const FINE_STEP_MS = 1;
const LIMIT_MS = 600_000;

/** Advances the clock. Time stands still while files are read or written, however busy the machine is. */
async function advance(clock: VirtualClock, ms: number): Promise<void> {
  await clock.advance(ms);
  do await nextTurn();
  while (process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq')));
}

/** Advances the clock until the promise settles. */
async function passTime<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const end = clock.monotonic() + LIMIT_MS;
  let settled = false;
  const settle = () => {
    settled = true;
  };
  work.then(settle, settle);
  while (!settled) {
    if (clock.monotonic() > end) throw new Error('the promise did not settle in ten virtual minutes');
    await advance(clock, FINE_STEP_MS);
  }
  return work;
}

interface Parts {
  clock: VirtualClock;
  network: MemoryNetwork;
  http: MemoryHttp;
  log: Log;
}

function simulatedPlatform({ clock, network, http, log }: Parts, served: (api: Api) => void): Platform {
  const random = seededRandom(2);
  const start = inProcessThread({ clock, random, sockets: networkSockets(network, clock) });
  return {
    clock,
    random,
    log,
    network,
    load: { idleMs: () => clock.monotonic(), memory: () => ({ heapUsed: 0, availableBytes: 2 ** 32 }) },
    databaseIn: () => ':memory:',
    async serve(api) {
      served(api);
      return `http://${SERVER}:8080`;
    },
    httpClient: () => http,
    webSockets: () => () => {
      throw new Error('the simulation has no WebSockets');
    },
    mediaEngine: (options) => createMediaEngine({ ...options, clock, random, log, start }),
    speechEngine: () => ({
      async *speak(text) {
        yield tone(text.length * MS_PER_CHARACTER);
      },
      voices: async () => [{ voice: 'rms', gender: 'male', languages: ['en'], engine: 'simulated' }],
      prune: async () => {},
      warm: async () => {},
      close: async () => {},
    }),
    soundDecoder: () => ({ decode: async () => tone(1_000), close: async () => {} }),
    recordingFinisher: () => ({
      async finish(wav) {
        const bytes = readFileSync(wav);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        return { format: 'wav', sizeBytes: bytes.length, sha256 };
      },
      close: async () => {},
    }),
  };
}

/** A sine tone at −10 dBFS. */
function tone(ms: number): AudioClip {
  const samples = new Int16Array(new SharedArrayBuffer(2 * ((ms * SAMPLE_RATE) / 1000)));
  for (let at = 0; at < samples.length; at++)
    samples[at] = 10_000 * Math.sin((2 * Math.PI * SPEECH_HZ * at) / SAMPLE_RATE);
  return { samples };
}
