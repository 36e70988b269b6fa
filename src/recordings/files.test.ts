import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { RecordingFiles } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-files-'));
const files = new RecordingFiles(join(folder, 'recordings'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a file has its place by the UTC day on which it began', async () => {
  const name = await files.place('rec_call_1', Date.UTC(2026, 0, 2, 23, 59, 59));
  expect(name).toBe('2026/01/02/rec_call_1.wav');
  writeFileSync(files.path(name), 'sound');
  expect(await files.size(name)).toBe(5);
  expect(existsSync(join(folder, 'recordings', name))).toBe(true);
});

test.each(['../secret', '/etc/passwd', '2026/../../secret', '', '.'])(
  'the name %j leads nowhere: no file outside of the folder is ever touched',
  async (name) => {
    expect(() => files.path(name)).toThrow(expect.objectContaining({ code: 'recording_file_missing' }));
    await expect(files.remove(name)).rejects.toThrow();
    await expect(files.place(`../../../../${name}`, 0)).rejects.toThrow();
  },
);

test('removing twice is removing once, and a folder is no file', async () => {
  const name = await files.place('rec_call_2', Date.UTC(2026, 0, 2));
  writeFileSync(files.path(name), 'sound');
  await files.remove(name);
  await files.remove(name);
  expect(existsSync(files.path(name))).toBe(false);
  expect(await files.size('2026')).toBeUndefined();
});
