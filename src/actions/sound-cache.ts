import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AudioClip } from '../calls/index.ts';
import { detach, explain, type Log } from '../core/index.ts';
import type { Freshness } from './freshness.ts';
import type { FetchedSound } from './ports.ts';

export interface SoundCacheOptions {
  /** For sounds that are too long for memory. Emptied at the start, since what is known of them is in memory. */
  folder: string;
  /** Octets in memory, and on disk; the least recently used go first, but none that is playing. */
  memoryBytes: number;
  diskBytes: number;
  log: Log;
}

/** Half a minute: longer sounds are on disk, and played from there. */
const MAX_BYTES_IN_MEMORY = 512 * 1024;
/** Four seconds are read from disk at a time. */
const PIECE_SAMPLES = 32_000;

type Samples = AudioClip['samples'];

/** Sounds that were fetched and decoded before, by the URL that was asked for. */
export class SoundCache {
  #options: SoundCacheOptions;
  #sounds = new Map<string, StoredSound>();
  /** Those that may not be used again: they go when they have been played. */
  #unlisted = new Set<StoredSound>();
  #kept = new WeakMap<Samples, Promise<StoredSound>>();
  #bytes = { memory: 0, disk: 0 };
  #ready: Promise<unknown>;
  #files = 0;

  constructor(options: SoundCacheOptions) {
    this.#options = options;
    const { folder, log } = options;
    this.#ready = rm(folder, { recursive: true, force: true })
      .then(() => mkdir(folder, { recursive: true }))
      .catch((error) => log.warn({ error: explain(error) }, 'the folder for sounds cannot be written'));
  }

  /** What is known of a URL, fresh or not. */
  find(url: string): StoredSound | undefined {
    const sound = this.#sounds.get(url);
    if (!sound) return undefined;
    this.#sounds.delete(url);
    this.#sounds.set(url, sound);
    return sound;
  }

  /**
   * Keeps a sound in place of what was known of its URL; once, however many ask for it with the same samples. One that
   * may not be stored is forgotten when it has been played.
   */
  keep(url: string, samples: Samples, about: { url: string; freshness: Freshness }): Promise<StoredSound> {
    const keeping = this.#kept.get(samples) ?? this.#add(url, samples, about);
    this.#kept.set(samples, keeping);
    return keeping;
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

  /** @returns undefined when the disk does not take it: then it stays in memory while it plays. */
  async #write(samples: Samples): Promise<string | undefined> {
    const path = join(this.#options.folder, `${++this.#files}.pcm`);
    try {
      await this.#ready;
      await writeFile(path, new Uint8Array(samples.buffer));
      return path;
    } catch (error) {
      this.#options.log.warn({ error: explain(error) }, 'a sound could not be kept on disk');
      await rm(path, { force: true }).catch(() => {});
      return undefined;
    }
  }

  /** It can no longer be found; calls that play it continue. */
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

/** One decoded sound, in memory or on disk. */
export class StoredSound {
  readonly bytes: number;
  /** Where its samples are, unless they are in memory. */
  readonly path: string | undefined;
  /** The URL that gave it, behind all redirects. */
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

  /** For one who plays it: it stays until that one has released it. */
  lease(): FetchedSound {
    this.#users++;
    let over = false;
    return {
      play: () => this.#play(),
      release: () => {
        if (over) return;
        over = true;
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
      const piece = Buffer.alloc(PIECE_SAMPLES * 2);
      for (let at = 0; at < this.bytes; ) {
        const { bytesRead } = await file.read(piece, 0, piece.length, at);
        if (bytesRead === 0) return;
        const samples = new Int16Array(new SharedArrayBuffer(bytesRead - (bytesRead % 2)));
        new Uint8Array(samples.buffer).set(piece.subarray(0, samples.byteLength));
        at += samples.byteLength;
        yield { samples };
      }
    } finally {
      await file.close();
    }
  }
}
