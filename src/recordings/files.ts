import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { Failure } from '../core/index.ts';

/** Ending of a file that is being encoded; after a crash it is worth nothing. */
export const DRAFT = '.part';

/** Where the MP3 of a WAV file is. */
export const mp3Beside = (wav: string): string => wav.replace(/\.wav$/, '.mp3');

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10).replaceAll('-', '/');

/** The folder that holds all recordings: `YYYY/MM/DD/<id>.wav`, by the UTC day of their start. */
export class RecordingFiles {
  #folder: string;

  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  /** The name of a new recording's file, and its folder made. */
  async place(id: string, startedAt: number): Promise<string> {
    const name = `${dayOf(startedAt)}/${id}.wav`;
    await makeFolder(dirname(this.path(name)));
    return name;
  }

  /** The absolute path of a name. Fails with `recording_file_missing` when it leads out of the folder. */
  path(name: string): string {
    const path = resolve(this.#folder, name);
    if (!path.startsWith(this.#folder + sep)) {
      throw new Failure('recording_file_missing', "the recording's file is not in its folder");
    }
    return path;
  }

  /** Bytes on disk; undefined when the file is not there. */
  async size(name: string): Promise<number | undefined> {
    const found = await stat(this.path(name)).catch(() => undefined);
    return found?.isFile() ? found.size : undefined;
  }

  /**
   * The days from `from` to `to` on which recordings were made: `YYYY/MM/DD`. Reads the names of folders, never those of
   * files, of which a day may have any number.
   */
  async days(from: number, to: number): Promise<string[]> {
    const [first, last] = [dayOf(from), dayOf(to)];
    let found = [''];
    for (const depth of [4, 7, 10]) {
      const names = await Promise.all(found.map((name) => this.#folders(name)));
      found = names.flat().filter((name) => name >= first.slice(0, depth) && name <= last.slice(0, depth));
    }
    return found.toSorted();
  }

  async #folders(name: string): Promise<string[]> {
    const entries = await readdir(join(this.#folder, name), { withFileTypes: true }).catch(() => []);
    const folders = entries.filter((entry) => entry.isDirectory() && /^\d+$/.test(entry.name));
    return folders.map((entry) => join(name, entry.name));
  }

  /** Does nothing when it is gone already. */
  async remove(name: string): Promise<void> {
    await rm(this.path(name), { force: true });
  }
}

/** With its parents. Node's own way says ENOENT where the disk is read-only: the operator is to see why. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT') throw error;
    await makeFolder(dirname(folder));
    await makeFolder(folder);
  }
}
