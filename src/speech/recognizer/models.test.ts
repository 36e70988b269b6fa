import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkFile, findModel } from './models.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('finds and verifies the files of both models', async () => {
  for (const name of ['base', 'tiny'] as const) {
    const files = await findModel(name, join(folder, 'new', name));
    expect(Object.keys(files)).toEqual(['encoder', 'decoder', 'vad', 'tokens']);
  }
});

it('refuses a file that was altered', async () => {
  const { vad } = await findModel('tiny', folder);
  mkdirSync(join(folder, 'copies'));
  const copy = join(folder, 'copies', 'silero_vad_v6.onnx');
  copyFileSync(vad, copy);
  await expect(checkFile(copy, 'silero_vad_v6.onnx')).resolves.toBe(copy);
  writeFileSync(copy, 'x', { flag: 'a' });
  await expect(checkFile(copy, 'silero_vad_v6.onnx')).rejects.toThrow('is not the expected file');
});
