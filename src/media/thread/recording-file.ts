import * as fs from 'node:fs';
import { FRAME_SAMPLES, saturate } from '../../audio/index.ts';

/** The file operations that a recording needs. All reject with the error of the system. */
export interface Files {
  /** Creates the file, or truncates it. @returns its descriptor. */
  create(path: string): Promise<number>;
  /** Writes `length` octets from `offset` to `position` of the file. @returns how many were written. */
  write(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  truncate(fd: number, length: number): Promise<void>;
  /** Resolves when the data are on the disk, and not only in the memory of the system. */
  sync(fd: number): Promise<void>;
  close(fd: number): Promise<void>;
}

type Done<T> = (error: Error | null, value?: T) => void;

function promised<T>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    call((error, value) => (error ? reject(error) : resolve(value as T))),
  );
}

/** The disk, by Node's thread pool: a slow disk does not delay the beat. */
export const systemFiles: Files = {
  create: (path) => promised((done) => fs.open(path, 'w', done)),
  write: (fd, bytes, offset, length, position) =>
    promised((done) => fs.write(fd, bytes, offset, length, position, done)),
  truncate: (fd, length) => promised((done) => fs.ftruncate(fd, length, done)),
  sync: (fd) => promised((done) => fs.fdatasync(fd, done)),
  close: (fd) => promised((done) => fs.close(fd, done)),
};

/** The disk, written to synchronously: for virtual time, which does not wait for disks. */
export const instantFiles: Files = {
  create: async (path) => fs.openSync(path, 'w'),
  write: async (fd, bytes, offset, length, position) => fs.writeSync(fd, bytes, offset, length, position),
  truncate: async (fd, length) => fs.ftruncateSync(fd, length),
  sync: async () => {},
  close: async (fd) => fs.closeSync(fd),
};

/** Half a second of audio that is written at once. */
export interface Block {
  samples: Int16Array;
  /** The same memory as pairs of samples: one word holds both channels. */
  pairs: Int32Array;
  /** The same memory as octets: on every machine that Node runs on, samples are in WAV's order, low octet first. */
  bytes: Uint8Array;
  /** Samples that are filled. */
  length: number;
}

/** Reuses blocks, so that recording makes no garbage. */
export class Blocks {
  #size: number;
  #free: Block[] = [];

  /** @param size samples of one block. */
  constructor(size: number) {
    this.#size = size;
  }

  take(): Block {
    const block = this.#free.pop() ?? this.#make();
    block.length = 0;
    return block;
  }

  give(block: Block): void {
    this.#free.push(block);
  }

  #make(): Block {
    const samples = new Int16Array(this.#size);
    const { buffer } = samples;
    return { samples, pairs: new Int32Array(buffer), bytes: new Uint8Array(buffer), length: 0 };
  }
}

/** Adds a frame of two channels to a block. */
export function interleave(left: Int16Array, right: Int16Array, block: Block): void {
  const { pairs } = block;
  const at = block.length >> 1;
  for (let i = 0; i < FRAME_SAMPLES; i++) pairs[at + i] = (left[i]! & 0xffff) | (right[i]! << 16);
  block.length += 2 * FRAME_SAMPLES;
}

/** Adds the sum of two frames to a block of one channel. */
export function mix(one: Int16Array, other: Int16Array, block: Block): void {
  const at = block.length;
  for (let i = 0; i < FRAME_SAMPLES; i++) block.samples[at + i] = saturate(one[i]! + other[i]!);
  block.length = at + FRAME_SAMPLES;
}

/** A file of a header and blocks, which are written one after the other without delaying the beat. */
export class RecordingFile {
  /** Why nothing more is written. */
  error: Error | undefined;
  /** Octets on disk after the header. */
  saved = 0;
  /** Blocks that wait to be written, with the one that is being written. */
  backlog = 0;
  #files: Files;
  #blocks: Blocks;
  #headerLength: number;
  #fd: number | undefined;
  #tail: Promise<void>;

  /** Creates the file. Its header is readable at any time from then on. */
  constructor(files: Files, blocks: Blocks, path: string, header: Uint8Array) {
    this.#files = files;
    this.#blocks = blocks;
    this.#headerLength = header.length;
    this.#tail = this.#try(() => this.#create(path, header));
  }

  /** Settles when everything so far is in the file, or has failed: then `error` is set. */
  get settled(): Promise<void> {
    return this.#tail;
  }

  /** Takes a block, to be written and then reused. */
  append(block: Block): void {
    this.backlog++;
    this.#tail = this.#tail
      .then(() => this.#try(() => this.#write(block.bytes, block.length * 2)))
      .then(() => {
        this.backlog--;
        this.#blocks.give(block);
      });
  }

  /**
   * Writes the header again, now that the length is known, and closes the file when it is safe on disk.
   * @param header makes the header for this many octets of audio.
   * @param unit octets that belong together: of what an error has cut off, whole units are kept.
   */
  async finish(header: (length: number) => Uint8Array, unit: number): Promise<void> {
    await this.#tail;
    const fd = this.#fd;
    if (fd === undefined) return;
    this.saved -= this.saved % unit;
    try {
      await this.#files.truncate(fd, this.#headerLength + this.saved);
      await this.#files.write(fd, header(this.saved), 0, this.#headerLength, 0);
      await this.#files.sync(fd);
    } catch (error) {
      this.error ??= error as Error;
    }
    await this.#files.close(fd).catch(() => {});
  }

  async #create(path: string, header: Uint8Array): Promise<void> {
    this.#fd = await this.#files.create(path);
    await this.#files.write(this.#fd, header, 0, header.length, 0);
  }

  async #write(bytes: Uint8Array, length: number): Promise<void> {
    // A full disk first writes less than asked, and gives the reason only at the next try.
    for (let done = 0; done < length; ) {
      const position = this.#headerLength + this.saved;
      const count = await this.#files.write(this.#fd!, bytes, done, length - done, position);
      done += count;
      this.saved += count;
    }
  }

  async #try(step: () => Promise<void>): Promise<void> {
    if (this.error) return;
    try {
      await step();
    } catch (error) {
      this.error = error as Error;
    }
  }
}
