import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { RecordingFiles } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-files-'));
const files = new RecordingFiles(join(folder, 'recordings'));
afterAll(() => rmSync(folder, { recursive: true }));

test('places a file by the UTC day of its start', async () => {
  const name = await files.place('rec_call_1', Date.UTC(2026, 0, 2, 23, 59, 59));
  expect(name).toBe('2026/01/02/rec_call_1.wav');
  writeFileSync(files.path(name), 'sound');
  expect(await files.size(name)).toBe(5);
  expect(existsSync(join(folder, 'recordings', name))).toBe(true);
});

test.each(['../secret', '/etc/passwd', '2026/../../secret', '', '.'])(
  'refuses the name %j, which is outside the folder',
  async (name) => {
    expect(() => files.path(name)).toThrow(expect.objectContaining({ code: 'recording_file_missing' }));
    await expect(files.remove(name)).rejects.toThrow();
    await expect(files.place(`../../../../${name}`, 0)).rejects.toThrow();
  },
);

test('ignores a second removal, and reports no size for a folder', async () => {
  const name = await files.place('rec_call_2', Date.UTC(2026, 0, 2));
  writeFileSync(files.path(name), 'sound');
  await files.remove(name);
  await files.remove(name);
  expect(existsSync(files.path(name))).toBe(false);
  expect(await files.size('2026')).toBeUndefined();
});
