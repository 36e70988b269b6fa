import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { chapters, happen, type Outcome, quick } from './chapters.ts';
import { faultsReference } from './table.ts';

const all = chapters
  .map(quick)
  .filter(({ faults }) => faults.length > 0)
  .map((chapter) => ({
    chapter,
    title: chapter.title,
    why: chapter.impossible?.(),
    outcomes: Promise.withResolvers<Outcome[]>(),
  }));

/** Most of a chapter is waiting: two go on at a time. */
beforeAll(() => {
  const rest = all.filter(({ why }) => !why).values();
  const some = async () => {
    for (const { chapter, outcomes } of rest) {
      outcomes.resolve(happen(chapter));
      await outcomes.promise.catch(() => {});
    }
  };
  void Promise.all([some(), some()]);
});

describe.each(all)('$title', ({ outcomes, why }) => {
  const promised = async () => {
    for (const { fault, seen } of await outcomes.promise)
      expect([fault.name, seen]).toEqual([fault.name, fault.promised]);
  };
  it.skipIf(why)(why ?? 'what goes wrong is noticed as docs/reference/faults.md promises', promised, 300_000);
});

it('docs/reference/faults.md is the table of these promises', () => {
  const file = join(import.meta.dirname, '../../docs/reference/faults.md');
  expect(readFileSync(file, 'utf8')).toBe(faultsReference());
});
