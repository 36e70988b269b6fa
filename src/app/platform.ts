import { createRequire } from 'node:module';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import type { Api } from '../api/index.ts';
import { createSoundDecoder, type SoundDecoder } from '../audio/index.ts';
import type { Gauges } from '../calls/index.ts';
import type { Config } from '../config.ts';
import { type Clock, type Log, type Random, type Scope, systemClock, systemRandom } from '../core/index.ts';
import { createMediaEngine, type MediaEngine, type MediaOptions } from '../media/index.ts';
import {
  createHttpClient,
  type HttpClient,
  type Network,
  systemNetwork,
  systemResolve,
} from '../net/index.ts';
import { type Finisher, ThreadFinisher } from '../recordings/index.ts';
import { createSpeaker } from '../speech/index.ts';
import { type Connect, createConnect } from '../streams/index.ts';

/** The version in package.json. */
export const version: string = createRequire(import.meta.url)('../../package.json').version;

/** Text to speech, with the lifetime of the application. */
export type SpeechEngine = ReturnType<typeof createSpeaker>;

/**
 * Everything that differs between a machine and a simulation: time, chance, networks, threads and load.
 *
 * `startApp` gets all of it from here. `systemPlatform` returns that of this machine; a test passes one in which a whole
 * call runs in virtual time.
 */
export interface Platform {
  clock: Clock;
  random: Random;
  log: Log;
  /** Carries SIP and looks up host names. */
  network: Network;
  /** Measures the load of this process and machine. */
  load: Pick<Gauges, 'idleMs' | 'memory'>;
  /** Returns the SQLite database in a data folder: a file, or `:memory:`. */
  databaseIn(folder: string): string;
  /** Makes the API available. @returns its URL, such as `http://127.0.0.1:8080`. */
  serve(api: Api, host: string, port: number): Promise<string>;
  httpClient(options: UrlAccess): HttpClient;
  webSockets(options: UrlAccess): Connect;
  mediaEngine(
    options: Pick<MediaOptions, 'workers' | 'ports' | 'host' | 'quietSeconds'>,
  ): Promise<MediaEngine>;
  speechEngine(options: { cacheDir: string }): SpeechEngine;
  soundDecoder(): SoundDecoder;
  recordingFinisher(): Finisher;
}

/** What every part of the application is built from. */
export interface Deps extends Platform {
  config: Config;
  /** Closes what was opened, in reverse order. */
  scope: Scope;
}

interface UrlAccess {
  /** Allows loopback, private and link-local addresses. */
  allowPrivate: boolean;
}

/** The platform of this machine. */
export function systemPlatform(log: Log): Platform {
  const clock = systemClock;
  const random = systemRandom;
  return {
    clock,
    random,
    log,
    network: systemNetwork,
    load: { idleMs, memory: memoryLeft },
    databaseIn: (folder) => join(folder, 'minivoice.db'),
    serve: (api, host, port) => api.listen(host, port),
    httpClient: ({ allowPrivate }) => createHttpClient({ allowPrivate, clock }),
    webSockets: ({ allowPrivate }) => createConnect({ allowPrivate, clock, resolve: systemResolve }),
    mediaEngine: (options) => createMediaEngine({ ...options, clock, random, log }),
    speechEngine: ({ cacheDir }) => createSpeaker({ cacheDir, clock, log }),
    soundDecoder: () => createSoundDecoder({ clock, log }),
    recordingFinisher: () => new ThreadFinisher({ clock, log }),
  };
}

/** Returns how long the main thread has been idle since the start, in milliseconds. */
const idleMs = (): number => performance.eventLoopUtilization().idle;

/** Returns how much memory is left, for admission control. */
export function memoryLeft(): { heapUsed: number; availableBytes: number } {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return {
    heapUsed: used_heap_size / heap_size_limit,
    availableBytes: availableBytes({
      machineBytes: totalmem(),
      freeBytes: freemem(),
      limitBytes: process.constrainedMemory(),
      ownBytes: process.memoryUsage.rss(),
      reportedBytes: process.availableMemory(),
    }),
  };
}

/**
 * Returns the bytes that are left of the machine or container.
 * @param memory.limitBytes the limit of the container; 0, or more than the machine has, if there is none.
 * @param memory.reportedBytes what the system reports as available.
 */
export function availableBytes({
  machineBytes,
  freeBytes,
  limitBytes,
  ownBytes,
  reportedBytes,
}: Record<'machineBytes' | 'freeBytes' | 'limitBytes' | 'ownBytes' | 'reportedBytes', number>): number {
  if (limitBytes === 0 || limitBytes >= machineBytes) return reportedBytes;
  // A container counts the page cache of written files as used memory until it has to reclaim it: with recordings, the
  // reported value (libuv reads memory.current) soon approaches zero.
  return Math.min(freeBytes, limitBytes - ownBytes);
}
