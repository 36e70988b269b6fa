/** A media engine in virtual time, on a network in memory, with phones. For tests only. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AudioClip } from '../../audio/index.ts';
import { type Random, seededRandom, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { networkSockets } from '../../net/index.ts';
import { MemoryNetwork } from '../../net/testing/memory-network.ts';
import type { AudioAgreement } from '../agreement.ts';
import { createMediaEngine, type MediaEngine } from '../engine.ts';
import { inProcessThread, type StartThread } from '../link.ts';
import type { Sound } from '../sound.ts';
import { type Files, instantFiles } from '../thread/recording-file.ts';
import { Phone } from './phone.ts';

export const ENGINE = '10.0.0.1';

export interface MediaHarness {
  clock: VirtualClock;
  network: MemoryNetwork;
  engine: MediaEngine;
  /** A folder for files, removed at the end. */
  folder: string;
  phone(at?: { address?: string; port?: number }): Promise<Phone>;
  /** A phone in a call that sends a tone. */
  party(frequency: number, options?: PartyOptions): Promise<Party>;
  /** Ends the call of a party, and closes its phone. */
  hangUp(party: Party): Promise<void>;
  /** Advances the clock by this many beats. */
  beats(count: number): Promise<void>;
  end(): Promise<void>;
}

export interface Party {
  sound: Sound;
  phone: Phone;
}

export interface PartyOptions {
  changes?: Partial<AudioAgreement>;
  beside?: Party;
}

export interface HarnessOptions {
  ports?: { from: number; to: number };
  random?: Random;
  /** Number of media threads. Default 1. */
  workers?: number;
  quietSeconds?: number;
  /** Default: the disk, written to synchronously. */
  files?: Files;
  /** Wraps the start of the threads. */
  start?: (real: StartThread) => StartThread;
}

export async function startHarness(options: HarnessOptions = {}): Promise<MediaHarness> {
  const clock = new VirtualClock();
  const random = options.random ?? seededRandom(42);
  const network = new MemoryNetwork(clock, seededRandom(1));
  const folder = await mkdtemp(join(tmpdir(), 'media-test-'));
  const files = options.files ?? instantFiles;
  const real = inProcessThread({ clock, random, sockets: networkSockets(network, clock), files });
  const phones = new Set<Phone>();
  let parties = 0;
  const engine = await createMediaEngine({
    workers: options.workers ?? 1,
    ports: options.ports ?? { from: 20_000, to: 20_099 },
    host: ENGINE,
    quietSeconds: options.quietSeconds ?? 0,
    clock,
    random,
    log: silentLog,
    start: options.start?.(real) ?? real,
  });
  // Tests look at the state in the middle between two beats, when packets have arrived.
  await clock.advance(10);
  const harness: MediaHarness = {
    clock,
    network,
    engine,
    folder,
    beats: (count) => clock.advance(count * 20),
    async phone(at = {}) {
      const phone = await Phone.open(clock, network, { address: '10.0.0.2', port: 4000, ...at });
      phones.add(phone);
      return phone;
    },
    async party(frequency, { changes, beside } = {}) {
      const sound = await engine.open(beside ? { beside: beside.sound } : {});
      const phone = await harness.phone({ port: 6000 + 2 * (parties++ % 10_000) });
      sound.connect(agreement(phone, changes));
      if (changes?.codec) phone.codec = changes.codec;
      phone.talk(sound.local, frequency);
      return { sound, phone };
    },
    async hangUp({ sound, phone }) {
      await sound.close();
      phone.close();
      phones.delete(phone);
    },
    async end() {
      for (const phone of phones) phone.close();
      await engine.close();
      await rm(folder, { recursive: true });
    },
  };
  return harness;
}

/** A usual result of offer and answer. */
export function agreement(phone: Phone, changes: Partial<AudioAgreement> = {}): AudioAgreement {
  return {
    remote: phone.local,
    codec: { name: 'PCMU', payloadType: 0 },
    telephoneEvent: { payloadType: 101 },
    direction: 'sendrecv',
    rtcpMux: false,
    ...changes,
  };
}

/** A sine at −10 dBFS. */
export function tone(frequency: number, ms: number): AudioClip {
  const samples = new Int16Array(new SharedArrayBuffer(ms * 16));
  for (let i = 0; i < samples.length; i++)
    samples[i] = Math.round(10_000 * Math.sin((2 * Math.PI * frequency * i) / 8000));
  return { samples };
}

export async function* clips(...list: AudioClip[]): AsyncGenerator<AudioClip> {
  yield* list;
}
