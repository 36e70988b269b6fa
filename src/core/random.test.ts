import { expect, test } from 'vitest';
import { systemRandom } from './random.ts';

test.each([12, 30, 64, 65])('draws %s bytes into memory of their own', (count) => {
  const bytes = systemRandom.bytes(count);
  expect(bytes).toHaveLength(count);
  expect(bytes.buffer.byteLength).toBe(count);
});

test('draws different bytes each time, also from the next block', () => {
  const drawn = Array.from({ length: 300 }, () => systemRandom.bytes(30).toString('hex'));
  expect(new Set(drawn).size).toBe(300);
});
