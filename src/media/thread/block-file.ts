import type { Files } from './files.ts';

/** Half a second of sound on its way to a file. */
export interface Block {
  samples: Int16Array;
  /** The same memory as octets. */
  bytes: Uint8Array;
  /** Samples that are filled. */
  length: number;
}

/** Blocks that come back are used again, so that recording costs no garbage. */
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
    return { samples, bytes: new Uint8Array(samples.buffer), length: 0 };
  }
}

/** A file of blocks behind a header, written one after the other while the beat goes on. */
export class BlockFile {
  /** Why nothing more is written. */
  error: Error | undefined;
  /** Octets on disk behind the header. */
  saved = 0;
  /** Blocks that wait to be written, with the one that is being written. */
  backlog = 0;
  #files: Files;
  #blocks: Blocks;
  #headerLength: number;
  #fd: number | undefined;
  #tail: Promise<void>;

  /** Creates the file, whose header can be read at any moment from now on. */
  constructor(files: Files, blocks: Blocks, path: string, header: Uint8Array) {
    this.#files = files;
    this.#blocks = blocks;
    this.#headerLength = header.length;
    this.#tail = this.#try(() => this.#create(path, header));
  }

  /** Settles when all that was given so far is in the file, or has failed: then there is an `error`. */
  get settled(): Promise<void> {
    return this.#tail;
  }

  /** Takes a block over, to be written and then used again. */
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
   * @param header makes it for so many octets of sound.
   * @param unit octets that belong together: of what was cut off by an error, whole ones are kept.
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
    // A full disk first writes less than it was asked to, and says why only at the next try.
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
