/** A media engine in virtual time, on a network in memory, with phones that talk to it. For tests only. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AudioClip } from '../../audio/index.ts';
import { type Random, seededRandom, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { networkSockets } from '../../net/index.ts';
import { MemoryNetwork } from '../../net/testing/memory-network.ts';
import { createMediaEngine } from '../engine.ts';
import { inProcessThread, type StartThread } from '../link.ts';
import type { AudioAgreement, MediaEngine, Sound } from '../sound.ts';
import { type Files, instantFiles } from '../thread/files.ts';
import { Phone } from './phone.ts';

export const ENGINE = '10.0.0.1';

export interface Bed {
  clock: VirtualClock;
  network: MemoryNetwork;
  engine: MediaEngine;
  /** A folder of its own for files, removed at the end. */
  folder: string;
  phone(at?: { address?: string; port?: number }): Promise<Phone>;
  /** A phone in a call, that says a tone. */
  party(frequency: number, options?: PartyOptions): Promise<Party>;
  /** Ends the call of a party; its phone, with all that it has heard, is forgotten. */
  part(party: Party): Promise<void>;
  /** Lets so many beats pass. */
  beats(count: number): Promise<void>;
  end(): Promise<void>;
}

export interface Party {
  audio: Sound;
  phone: Phone;
}

export interface PartyOptions {
  changes?: Partial<AudioAgreement>;
  beside?: Party;
}

export interface BedOptions {
  ports?: { from: number; to: number };
  random?: Random;
  /** Media threads; 1 unless said otherwise. */
  workers?: number;
  quietSeconds?: number;
  /** In place of the machine's disk. */
  files?: Files;
  /** Puts something between the engine and its threads. */
  start?: (real: StartThread) => StartThread;
}

export async function makeBed(options: BedOptions = {}): Promise<Bed> {
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
  // Tests look at the world in the middle between two beats, when packets have arrived.
  await clock.advance(10);
  const bed: Bed = {
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
      const audio = await engine.open(beside ? { beside: beside.audio } : {});
      const phone = await bed.phone({ port: 6000 + 2 * (parties++ % 10_000) });
      audio.connect(agreement(phone, changes));
      if (changes?.codec) phone.codec = changes.codec;
      phone.talk(audio.local, frequency);
      return { audio, phone };
    },
    async part({ audio, phone }) {
      await audio.close();
      phone.close();
      phones.delete(phone);
    },
    async end() {
      for (const phone of phones) phone.close();
      await engine.close();
      await rm(folder, { recursive: true });
    },
  };
  return bed;
}

/** What offer and answer usually agree on. */
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

export async function* sounds(...list: AudioClip[]): AsyncGenerator<AudioClip> {
  yield* list;
}
