import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Shelf } from './shelf.ts';

interface Row {
  id: string;
  name: string;
  /** One more with each change. */
  changes: number;
}

/** A store whose answers wait until the test gives them, in any order. */
class SlowStore {
  readonly rows = new Map<string, Row>();
  readonly waiting: { apply(): void; answer: PromiseWithResolvers<void> }[] = [];

  save = (row: Row) => this.#ask(() => this.rows.set(row.id, row));
  delete = (id: string) => this.#ask(() => this.rows.delete(id));

  answer(at: number, isStored: boolean): void {
    const [asked] = this.waiting.splice(at % this.waiting.length, 1);
    if (isStored) asked?.apply();
    if (isStored) asked?.answer.resolve();
    else asked?.answer.reject(new Error('disk full'));
  }

  #ask(apply: () => void): Promise<void> {
    const answer = Promise.withResolvers<void>();
    this.waiting.push({ apply, answer });
    return answer.promise;
  }
}

function open() {
  const store = new SlowStore();
  const shelf = new Shelf<Row>([], (row) => row.name, store);
  const outcomes: Promise<unknown>[] = [];
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const doing = (change: Promise<unknown>) => void outcomes.push(change.catch((error) => error));
  return { store, shelf, outcomes, settled, doing };
}

test('keeps a change that was stored when an earlier one of the same row is refused', async () => {
  const { store, shelf, settled, doing } = open();
  doing(shelf.put({ id: 'a_1', name: 'x', changes: 0 }));
  store.answer(0, true);
  await settled();
  doing(shelf.change('a_1', (row) => ({ ...row!, name: 'first' })));
  doing(shelf.change('a_1', (row) => ({ ...row!, changes: row!.changes + 1 })));
  store.answer(0, false);
  await settled();
  store.answer(0, true);
  await settled();
  expect(shelf.get('a_1')).toEqual({ id: 'a_1', name: 'x', changes: 1 });
  expect(store.rows.get('a_1')).toEqual(shelf.get('a_1'));
});

test('holds a name that is given up until that is stored, so that it can be given back', async () => {
  const { store, shelf, settled, doing } = open();
  doing(shelf.put({ id: 'a_1', name: 'x', changes: 0 }));
  store.answer(0, true);
  await settled();
  doing(shelf.change('a_1', (row) => ({ ...row!, name: 'y' })));
  expect([shelf.holderOf('x'), shelf.holderOf('y'), shelf.named('x')]).toEqual(['a_1', 'a_1', undefined]);
  store.answer(0, false);
  await settled();
  expect([shelf.holderOf('x'), shelf.holderOf('y')]).toEqual(['a_1', undefined]);
  doing(shelf.change('a_1', () => undefined));
  expect([shelf.get('a_1'), shelf.holderOf('x')]).toEqual([undefined, 'a_1']);
  store.answer(0, true);
  await settled();
  expect(shelf.holderOf('x')).toBeUndefined();
});

test('puts a row back in its place when its removal is refused', async () => {
  const { store, shelf, settled, doing } = open();
  for (const id of ['a_1', 'a_2', 'a_3']) doing(shelf.put({ id, name: id, changes: 0 }));
  for (let left = 3; left > 0; left--) store.answer(0, true);
  await settled();
  doing(shelf.change('a_1', () => undefined));
  store.answer(0, false);
  await settled();
  expect(shelf.page(() => true, { limit: 2 }).data.map(({ id }) => id)).toEqual(['a_3', 'a_2']);
});

const ids = fc.constantFrom('a_1', 'a_2', 'a_3');
const names = fc.constantFrom('x', 'y', 'z');
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('put', 'rename'), id: ids, name: names }),
    fc.record({ kind: fc.constant('remove'), id: ids, name: names }),
    fc.record({ kind: fc.constantFrom('stored', 'refused'), at: fc.nat(9) }),
    fc.record({ kind: fc.constantFrom('settle') }),
  ),
  { maxLength: 60 },
);

test('is what the store is, however stored and refused changes interleave', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (run) => {
      const { store, shelf, outcomes, settled, doing } = open();
      const stored = new Map<string, number>();
      const free = (row: Row): Row => {
        const holder = shelf.holderOf(row.name);
        if (holder !== undefined && holder !== row.id) throw new Error('the name is taken');
        return row;
      };
      const counted = (id: string, change: Promise<Row | undefined>) =>
        change.then((row) => stored.set(id, row ? (stored.get(id) ?? 0) + 1 : 0));
      for (const step of run) {
        if ('name' in step) {
          const { kind, id, name } = step;
          const make = (row: Row | undefined) => {
            if (kind === 'remove') return undefined;
            if (kind === 'rename' && !row) throw new Error('there is no such row');
            return free({ id, name, changes: (row?.changes ?? 0) + 1 });
          };
          doing(counted(id, shelf.change(id, make)));
        } else if ('at' in step && store.waiting.length > 0) store.answer(step.at, step.kind === 'stored');
        else await settled();
        const visible = [...shelf.all()].map((row) => row.name);
        expect(new Set(visible).size).toBe(visible.length);
        for (const row of shelf.all()) expect(shelf.named(row.name)).toBe(row);
      }
      for (await settled(); store.waiting.length > 0; await settled()) store.answer(0, true);
      await Promise.all(outcomes);
      expect(new Map([...shelf.all()].map((row) => [row.id, row]))).toEqual(store.rows);
      for (const [id, row] of store.rows) {
        expect(row.changes).toBe(stored.get(id));
        expect(shelf.holderOf(row.name)).toBe(id);
      }
    }),
    { numRuns: 500 },
  );
});
