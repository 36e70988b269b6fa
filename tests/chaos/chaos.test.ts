import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chapters, happen, quick } from './chapters.ts';
import { faultsReference } from './table.ts';

const all = chapters
  .map(quick)
  .filter(({ faults }) => faults.length > 0)
  .map((chapter) => ({ chapter, title: chapter.title, why: chapter.impossible?.() }));

describe.each(all)('$title', ({ chapter, why }) => {
  const outcome = async () => {
    for (const { fault, seen } of await happen(chapter))
      expect([fault.name, seen]).toEqual([fault.name, fault.promised]);
  };
  it.skipIf(why)(why ?? 'that go wrong are noticed as it is promised', outcome, 120_000);
});

it('docs/reference/faults.md is the table of these promises', () => {
  const file = join(import.meta.dirname, '../../docs/reference/faults.md');
  expect(readFileSync(file, 'utf8')).toBe(faultsReference());
});
