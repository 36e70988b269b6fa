import { join } from 'node:path';
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
import { idleMs, memoryLeft } from './load.ts';

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
