import { chmod, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { explain, Failure } from '../kit/index.ts';
import { lockFile } from '../storage/index.ts';

/**
 * The folder of all that is kept, for this process and its user alone. Fails with `invalid_setting` and a sentence
 * that says why it cannot be used.
 * @returns its absolute path, and what gives it back.
 */
export async function openDataFolder(dataDir: string): Promise<{ folder: string; release(): void }> {
  const folder = resolve(dataDir);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    return { folder, release: lockFile(join(folder, 'lock')) };
  } catch (error) {
    const why = explain(error);
    const sentence = `MINIVOICE_DATA_DIR, ${folder}, cannot be used: ${why}`;
    throw new Failure('invalid_setting', sentence, { cause: error });
  }
}
