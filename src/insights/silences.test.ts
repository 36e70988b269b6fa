import { expect, test } from 'vitest';
import { silences } from './embedded-transcriber.ts';

test('what was paused is not heard on any channel, what is sensitive not from the caller', () => {
  expect(
    silences([
      { startMs: 1000, endMs: 2000, cause: 'pause' },
      { startMs: 5000, endMs: 6000, cause: 'sensitive' },
    ]),
  ).toEqual([
    { startMs: 1000, endMs: 2000 },
    { startMs: 5000, endMs: 6000, channel: 0 },
  ]);
});

test('what was skipped is not in the file, and what comes after it is that much earlier there', () => {
  expect(
    silences([
      { startMs: 1000, endMs: 4000, cause: 'skip' },
      { startMs: 6000, endMs: 7000, cause: 'pause' },
      { startMs: 8000, endMs: 9000, cause: 'skip' },
    ]),
  ).toEqual([{ startMs: 3000, endMs: 4000 }]);
});
