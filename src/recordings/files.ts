import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { Failure } from '../core/index.ts';

/** Suffix of a file that is being encoded; useless after a crash. */
export const DRAFT = '.part';

/** The path of the MP3 of a WAV file. */
export const mp3Beside = (wav: string): string => wav.replace(/\.wav$/, '.mp3');

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10).replaceAll('-', '/');

/** The folder of all recordings: `YYYY/MM/DD/<id>.wav`, by the UTC day of their start. */
export class RecordingFiles {
  #folder: string;

  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  /** Creates the folder of a new recording. @returns the name of its file. */
  async place(id: string, startedAt: number): Promise<string> {
    const name = `${dayOf(startedAt)}/${id}.wav`;
    await makeFolder(dirname(this.path(name)));
    return name;
  }

  /** The absolute path of a name. Throws `recording_file_missing` if it is outside the folder. */
  path(name: string): string {
    const path = resolve(this.#folder, name);
    if (!path.startsWith(this.#folder + sep)) {
      throw new Failure('recording_file_missing', "the recording's file is not in its folder");
    }
    return path;
  }

  /** Size in octets; undefined if the file does not exist. */
  async size(name: string): Promise<number | undefined> {
    const found = await stat(this.path(name)).catch(() => undefined);
    return found?.isFile() ? found.size : undefined;
  }

  /**
   * The days from `from` to `to` with recordings, as `YYYY/MM/DD`. Reads only the names of folders, because a day may have
   * any number of files.
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

  /** Deletes a file; does nothing if it does not exist. */
  async remove(name: string): Promise<void> {
    await rm(this.path(name), { force: true });
  }
}

/** Creates a folder and its parents. Unlike `recursive` of Node, it reports a read-only disk as such and not as ENOENT. */
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
