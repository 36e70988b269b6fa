import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../core/index.ts';

export type Samples = Int16Array<SharedArrayBuffer>;

export interface CacheOptions {
  folder: string;
  clock: Clock;
  /** Bytes on disk; the least recently used files are deleted first. */
  diskBytes: number;
  /** Bytes in memory, with the same order of deletion. */
  memoryBytes: number;
}

/**
 * A cache of spoken sentences, small in memory and larger on disk. Files are raw 16-bit samples (8 kHz, little-endian), named
 * by hash; a file is complete or absent. A failing disk only costs time.
 */
export class SpeechCache {
  #options: CacheOptions;
  #memory = new Map<string, Samples>();
  #memoryBytes = 0;
  #diskBytes = 0;
  #drafts = 0;

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /** Makes the key of a sentence from everything that changes its sound. */
  static key(parts: string[]): string {
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  }

  async find(key: string): Promise<Samples | undefined> {
    const inMemory = this.#memory.get(key);
    if (inMemory) {
      this.#memory.delete(key);
      this.#memory.set(key, inMemory);
      return inMemory;
    }
    const samples = await this.#read(key);
    if (samples) this.#remember(key, samples);
    return samples;
  }

  /** Stores a sentence. Does nothing if it is in memory: then it is on disk too, or being written. */
  async store(key: string, samples: Samples): Promise<void> {
    if (this.#memory.has(key)) return;
    this.#remember(key, samples);
    const path = this.#path(key);
    const draft = `${path}.${process.pid}-${++this.#drafts}.tmp`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(draft, new Uint8Array(samples.buffer));
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
    this.#diskBytes += samples.byteLength;
    if (this.#diskBytes > this.#options.diskBytes) await this.prune();
  }

  /** Measures the cache on disk, deletes drafts that a crash left and the oldest files over the limit. */
  async prune(): Promise<void> {
    const names = await readdir(this.#options.folder, { recursive: true }).catch(() => []);
    const files: { path: string; size: number; used: number }[] = [];
    for (const name of names) {
      const path = join(this.#options.folder, name);
      if (isForeignDraft(name)) await rm(path, { force: true });
      if (!name.endsWith('.pcm')) continue;
      const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
      files.push({ path, size, used: mtimeMs });
    }
    files.sort((a, b) => a.used - b.used);
    this.#diskBytes = files.reduce((sum, { size }) => sum + size, 0);
    // Frees a tenth more than needed, so that the next sentence does not prune again.
    const bound = this.#diskBytes > this.#options.diskBytes ? this.#options.diskBytes * 0.9 : Infinity;
    for (const { path, size } of files) {
      if (this.#diskBytes <= bound) return;
      await rm(path, { force: true });
      this.#diskBytes -= size;
    }
  }

  async #read(key: string): Promise<Samples | undefined> {
    const path = this.#path(key);
    const bytes = await readFile(path).catch(() => undefined);
    if (!bytes || bytes.length % 2 !== 0) return undefined;
    const samples = new Int16Array(new SharedArrayBuffer(bytes.length));
    new Uint8Array(samples.buffer).set(bytes);
    const now = this.#options.clock.now() / 1000;
    utimes(path, now, now).catch(() => {});
    return samples;
  }

  #remember(key: string, samples: Samples): void {
    if (this.#memory.has(key)) return;
    this.#memory.set(key, samples);
    this.#memoryBytes += samples.byteLength;
    for (const [oldest, { byteLength }] of this.#memory) {
      if (this.#memoryBytes <= this.#options.memoryBytes) return;
      this.#memory.delete(oldest);
      this.#memoryBytes -= byteLength;
    }
  }

  #path(key: string): string {
    return join(this.#options.folder, key.slice(0, 2), `${key}.pcm`);
  }
}

/** Reports whether a file is a draft of another process; our own are still being written. */
function isForeignDraft(name: string): boolean {
  return name.endsWith('.tmp') && !name.includes(`.pcm.${process.pid}-`);
}
