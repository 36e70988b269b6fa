import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataFolder, withinDataFolder } from './data-folder.ts';

let parent: string;
let folder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'minivoice-folder-'));
  folder = join(parent, 'a', 'b');
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('openDataFolder', () => {
  it('creates the folder, readable for its user only', async () => {
    const { release } = await openDataFolder(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    release();
  });

  it('allows one process at a time', async () => {
    const first = await openDataFolder(folder);
    await expect(openDataFolder(folder)).rejects.toThrow(
      `MINIVOICE_DATA_DIR, ${folder}, cannot be used: another MiniVoice is running on it`,
    );
    first.release();
    const second = await openDataFolder(folder);
    second.release();
  });

  it.each(['/proc/minivoice', '/proc/minivoice/data'])(
    'rejects at once for a path that cannot be created: %s',
    async (path) => {
      await expect(openDataFolder(path)).rejects.toThrow(
        `MINIVOICE_DATA_DIR, ${path}, cannot be used: ENOENT`,
      );
    },
  );

  it('withinDataFolder names the folder in every error', async () => {
    const full = () =>
      Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    await expect(withinDataFolder('/data', full)).rejects.toThrow(
      'MINIVOICE_DATA_DIR, /data, cannot be used: no space left on device',
    );
  });

  it('rejects a path that is not a folder', async () => {
    writeFileSync(join(parent, 'a'), '');
    await expect(openDataFolder(folder)).rejects.toThrow(/cannot be used: ENOTDIR: not a directory/);
  });
});
