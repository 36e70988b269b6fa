import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AudioClip } from '../calls/index.ts';
import { detach, explain, type Log } from '../core/index.ts';
import type { FetchedSound } from './ports.ts';

export interface SoundCacheOptions {
  /** The folder of sounds that are too long for memory. Emptied at the start, because the index is in memory. */
  folder: string;
  /** Limits in bytes. The least recently used sounds are removed first, but none that is playing. */
  memoryBytes: number;
  diskBytes: number;
  log: Log;
}

/** Half a minute. Longer sounds are stored and played from disk. */
const MAX_BYTES_IN_MEMORY = 512 * 1024;
/** The samples of one read from disk: four seconds. */
const CHUNK_SAMPLES = 32_000;

type Samples = AudioClip['samples'];

/** Decoded sounds by the URL that was requested. */
export class SoundCache {
  #options: SoundCacheOptions;
  #sounds = new Map<string, StoredSound>();
  /** Sounds that cannot be found any more: they are removed when they have been played. */
  #unlisted = new Set<StoredSound>();
  #adding = new WeakMap<Samples, Promise<StoredSound>>();
  #bytes = { memory: 0, disk: 0 };
  #ready: Promise<unknown>;
  #files = 0;

  constructor(options: SoundCacheOptions) {
    this.#options = options;
    const { folder, log } = options;
    this.#ready = rm(folder, { recursive: true, force: true })
      .then(() => mkdir(folder, { recursive: true }))
      .catch((error) =>
        log.warn({ error: explain(error) }, 'could not create the folder of the sound cache'),
      );
  }

  /** Finds the sound of a URL, fresh or stale. */
  find(url: string): StoredSound | undefined {
    const sound = this.#sounds.get(url);
    if (!sound) return undefined;
    this.#sounds.delete(url);
    this.#sounds.set(url, sound);
    return sound;
  }

  /**
   * Replaces the sound of a URL. Adds the same samples only once, however many calls do so. A sound that may not be
   * stored is removed when it has been played.
   */
  add(url: string, samples: Samples, from: { url: string; freshness: Freshness }): Promise<StoredSound> {
    const adding = this.#adding.get(samples) ?? this.#add(url, samples, from);
    this.#adding.set(samples, adding);
    return adding;
  }

  async #add(
    url: string,
    samples: Samples,
    { url: from, freshness }: { url: string; freshness: Freshness },
  ): Promise<StoredSound> {
    const path = samples.byteLength > MAX_BYTES_IN_MEMORY ? await this.#write(samples) : undefined;
    const sound = new StoredSound({ samples, path, from, freshness, released: (one) => this.#released(one) });
    this.#bytes[sound.place] += sound.bytes;
    const before = this.#sounds.get(url);
    if (freshness.store) {
      this.#sounds.delete(url);
      if (before) this.#retire(before);
      this.#sounds.set(url, sound);
    } else this.#retire(sound);
    this.#shrink(sound);
    return sound;
  }

  /** Writes samples to disk. @returns undefined when that fails: then they stay in memory while they are played. */
  async #write(samples: Samples): Promise<string | undefined> {
    const path = join(this.#options.folder, `${++this.#files}.pcm`);
    try {
      await this.#ready;
      await writeFile(path, new Uint8Array(samples.buffer));
      return path;
    } catch (error) {
      this.#options.log.warn({ error: explain(error) }, 'could not write a sound to disk');
      await rm(path, { force: true }).catch(() => {});
      return undefined;
    }
  }

  /** Keeps a sound only for the calls that play it. */
  #retire(sound: StoredSound): void {
    this.#unlisted.add(sound);
  }

  #released(sound: StoredSound): void {
    if (this.#unlisted.has(sound)) this.#remove(sound);
  }

  #shrink(except: StoredSound): void {
    for (const sound of this.#unlisted) if (sound !== except && !sound.inUse) this.#remove(sound);
    for (const place of ['memory', 'disk'] as const) {
      const limit = this.#options[`${place}Bytes`];
      for (const [url, sound] of this.#sounds) {
        if (this.#bytes[place] <= limit) break;
        if (sound === except || sound.inUse || sound.place !== place) continue;
        this.#sounds.delete(url);
        this.#remove(sound);
      }
    }
  }

  #remove(sound: StoredSound): void {
    this.#unlisted.delete(sound);
    this.#bytes[sound.place] -= sound.bytes;
    if (sound.path) detach('sounds', rm(sound.path, { force: true }));
  }
}

interface Stored {
  samples: Samples;
  path: string | undefined;
  from: string;
  freshness: Freshness;
  released(sound: StoredSound): void;
}

/** A decoded sound in memory or on disk. */
export class StoredSound {
  readonly bytes: number;
  /** The file of its samples; undefined when they are in memory. */
  readonly path: string | undefined;
  /** The URL that it came from, after all redirects. */
  readonly from: string;
  freshness: Freshness;
  #samples: Samples | undefined;
  #released: (sound: StoredSound) => void;
  #users = 0;

  constructor({ samples, path, from, freshness, released }: Stored) {
    this.bytes = samples.byteLength;
    this.path = path;
    this.from = from;
    this.freshness = freshness;
    this.#samples = path ? undefined : samples;
    this.#released = released;
  }

  get place(): 'memory' | 'disk' {
    return this.path ? 'disk' : 'memory';
  }

  get inUse(): boolean {
    return this.#users > 0;
  }

  /** Keeps the sound until the lease is released. */
  lease(): FetchedSound {
    this.#users++;
    let isReleased = false;
    return {
      play: () => this.#play(),
      release: () => {
        if (isReleased) return;
        isReleased = true;
        if (--this.#users === 0) this.#released(this);
      },
    };
  }

  async *#play(): AsyncGenerator<AudioClip> {
    if (!this.path) {
      yield { samples: this.#samples! };
      return;
    }
    const file = await open(this.path, 'r');
    try {
      const chunk = Buffer.alloc(CHUNK_SAMPLES * 2);
      for (let at = 0; at < this.bytes; ) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
        if (bytesRead === 0) return;
        const samples = new Int16Array(new SharedArrayBuffer(bytesRead - (bytesRead % 2)));
        new Uint8Array(samples.buffer).set(chunk.subarray(0, samples.byteLength));
        at += samples.byteLength;
        yield { samples };
      }
    } finally {
      await file.close();
    }
  }
}

/** How long a response may be reused (RFC 9111). */
export interface Freshness {
  /** Whether it may be stored at all. */
  store: boolean;
  /** Until when it may be reused without validation, on the monotonic clock. */
  freshUntil: number;
  /** Headers of a conditional request; empty when the server sent no validator. */
  validators: Record<string, string>;
}

/** After a day every response is validated, whatever the server says. */
const MAX_FRESH_SECONDS = 86_400;

/**
 * Reads how long a 200 or 304 response may be reused from its headers.
 * @param headers with lowercase names. @param now on the monotonic clock.
 */
export function freshnessOf(headers: Record<string, string>, now: number): Freshness {
  const control = directivesOf(headers['cache-control'] ?? '');
  const validators: Record<string, string> = {};
  if (headers['etag']) validators['if-none-match'] = headers['etag'];
  // RFC 9110 §13.1.3: the date only counts without an entity tag.
  else if (headers['last-modified']) validators['if-modified-since'] = headers['last-modified'];
  const seconds = control.has('no-cache') ? 0 : lifetimeOf(control, headers) - (Number(headers['age']) || 0);
  const isVarying = headers['vary']?.includes('*') ?? false;
  return {
    store: !control.has('no-store') && !isVarying && (seconds > 0 || Object.keys(validators).length > 0),
    freshUntil: now + Math.max(0, Math.min(MAX_FRESH_SECONDS, seconds)) * 1000,
    validators,
  };
}

/** The freshness after a 304, which keeps the fields that it does not contain (RFC 9111 §4.3.4). */
export function renewed(stored: Freshness, { freshUntil, validators }: Freshness): Freshness {
  return { ...stored, freshUntil, validators: { ...stored.validators, ...validators } };
}

/** The freshness lifetime in seconds (RFC 9111 §4.2.1), without the heuristics of §4.2.2. */
function lifetimeOf(control: Map<string, string>, headers: Record<string, string>): number {
  const age = control.get('s-maxage') ?? control.get('max-age');
  if (age !== undefined) return Number(age) || 0;
  const [expires, date] = [Date.parse(headers['expires'] ?? ''), Date.parse(headers['date'] ?? '')];
  return Number.isNaN(expires) || Number.isNaN(date) ? 0 : (expires - date) / 1000;
}

function directivesOf(text: string): Map<string, string> {
  const directives = text.toLowerCase().split(',');
  return new Map(
    directives.map((each) => each.trim().split('=')).map(([name, value]) => [name!, unquoted(value)]),
  );
}

const unquoted = (value = ''): string => value.trim().replace(/^"|"$/g, '');
