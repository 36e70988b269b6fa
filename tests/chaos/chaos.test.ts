import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chapters, happen } from './chapters.ts';
import { faultsReference } from './table.ts';

const all = chapters.map((chapter) => ({ ...chapter, why: chapter.impossible?.() }));

describe.each(all)('$title', ({ why, ...chapter }) => {
  it.skipIf(chapter.impossible)(
    `${chapter.impossible ?? 'go wrong as it is promised'}`,
    async () => {
      for (const { fault, seen } of await happen(chapter))
        expect([fault.name, seen]).toEqual([fault.name, fault.promised]);
    },
    120_000,
  );
});

it('docs/reference/faults.md is the table of these promises', () => {
  const file = join(import.meta.dirname, '../../docs/reference/faults.md');
  expect(readFileSync(file, 'utf8')).toBe(faultsReference());
});
