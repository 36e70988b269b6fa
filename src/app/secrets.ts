import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../core/index.ts';

/** Secrets that the program makes for itself at its first start, in files that only its user can read. */
export class Secrets {
  #folder: string;
  #random: Random;

  private constructor(folder: string, random: Random) {
    this.#folder = folder;
    this.#random = random;
  }

  /** Opens the folder `secrets` of the data folder, which is made where it is missing. */
  static async open(dataDir: string, random: Random): Promise<Secrets> {
    const folder = join(dataDir, 'secrets');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new Secrets(folder, random);
  }

  /** Where a secret is kept. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** The secret of that name, 32 random bytes in hex; `made` when it was made just now. */
  async get(name: string): Promise<{ value: string; made: boolean }> {
    try {
      return { value: (await readFile(this.path(name), 'utf8')).trim(), made: false };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const value = this.#random.bytes(32).toString('hex');
      await writeFile(this.path(name), `${value}\n`, { mode: 0o600, flag: 'wx' });
      return { value, made: true };
    }
  }
}
