import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { explain, Failure } from '../core/index.ts';
import { lockFile } from '../storage/index.ts';

/**
 * The folder of all that is kept, for this process and its user alone. Fails with `invalid_setting` and a sentence
 * that says why it cannot be used.
 * @returns its absolute path, and what gives it back.
 */
export async function openDataFolder(dataDir: string): Promise<{ folder: string; release(): void }> {
  const folder = resolve(dataDir);
  return withinDataFolder(folder, async () => {
    await makeFolder(folder);
    await chmod(folder, 0o700);
    return { folder, release: lockFile(join(folder, 'lock')) };
  });
}

/** Does work with the folder's files. What fails names the setting: a disk that is full or read-only, for instance. */
export async function withinDataFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const sentence = `MINIVOICE_DATA_DIR, ${folder}, cannot be used: ${explain(error)}`;
    throw new Failure('invalid_setting', sentence, { cause: error });
  }
}

/** Makes a folder and those above it. Node's own `recursive` never ends below /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if (code !== 'ENOENT' || (await exists(dirname(folder)))) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder, { mode: 0o700 });
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
