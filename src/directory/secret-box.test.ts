import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { systemRandom } from '../core/index.ts';
import { openSecretBox, SecretBox } from './secret-box.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('opens every sealed secret to the same text', () => {
  const box = new SecretBox(systemRandom.bytes(32), systemRandom);
  fc.assert(
    fc.property(fc.string(), (secret) => {
      expect(box.open(box.seal(secret))).toBe(secret);
    }),
  );
});

test('seals the same secret differently each time', () => {
  const box = new SecretBox(systemRandom.bytes(32), systemRandom);
  expect(box.seal('secret')).not.toBe(box.seal('secret'));
});

test('does not open a text that was changed, sealed with another key, or never sealed', () => {
  const box = new SecretBox(systemRandom.bytes(32), systemRandom);
  const sealed = box.seal('a secret');
  const at = sealed.length - 3;
  const altered = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
  expect(() => box.open(altered)).toThrow('cannot be opened');
  expect(() => new SecretBox(systemRandom.bytes(32), systemRandom).open(sealed)).toThrow('cannot be opened');
  expect(() => box.open(sealed.slice(0, 20))).toThrow('cannot be opened');
  expect(() => box.open('a secret')).toThrow('not sealed');
});

test('creates the key file with mode 0600 at the first start, and reads it at the next', async () => {
  const file = join(folder, 'secret.key');
  const sealed = (await openSecretBox(file, systemRandom)).seal('kept');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(file).size).toBe(32);
  expect(readdirSync(folder)).toEqual(['secret.key']);
  expect((await openSecretBox(file, systemRandom)).open(sealed)).toBe('kept');
});

test('refuses a key file of the wrong size', async () => {
  writeFileSync(join(folder, 'short.key'), 'short');
  await expect(openSecretBox(join(folder, 'short.key'), systemRandom)).rejects.toThrow('32 bytes');
});
