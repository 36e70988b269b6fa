import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WriteThroughTable } from './write-through-table.ts';

interface Row {
  id: string;
  name: string;
  /** Counts the changes of the row. */
  changes: number;
}

/** A store that confirms or refuses requests when the test says so, in any order. */
class SlowStore {
  readonly rows = new Map<string, Row>();
  readonly requests: { apply(): void; answer: PromiseWithResolvers<void> }[] = [];

  save = (row: Row) => this.#request(() => this.rows.set(row.id, row));
  delete = (id: string) => this.#request(() => this.rows.delete(id));

  answer(at: number, isStored: boolean): void {
    const [request] = this.requests.splice(at % this.requests.length, 1);
    if (isStored) request?.apply();
    if (isStored) request?.answer.resolve();
    else request?.answer.reject(new Error('disk full'));
  }

  #request(apply: () => void): Promise<void> {
    const answer = Promise.withResolvers<void>();
    this.requests.push({ apply, answer });
    return answer.promise;
  }
}

function open() {
  const store = new SlowStore();
  const table = new WriteThroughTable<Row>([], (row) => row.name, store);
  const outcomes: Promise<unknown>[] = [];
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const doing = (change: Promise<unknown>) => void outcomes.push(change.catch((error) => error));
  return { store, table, outcomes, settled, doing };
}

test('keeps a stored change when the store refuses an earlier change of the same row', async () => {
  const { store, table, settled, doing } = open();
  doing(table.put({ id: 'a_1', name: 'x', changes: 0 }));
  store.answer(0, true);
  await settled();
  doing(table.change('a_1', (row) => ({ ...row!, name: 'first' })));
  doing(table.change('a_1', (row) => ({ ...row!, changes: row!.changes + 1 })));
  store.answer(0, false);
  await settled();
  store.answer(0, true);
  await settled();
  expect(table.get('a_1')).toEqual({ id: 'a_1', name: 'x', changes: 1 });
  expect(store.rows.get('a_1')).toEqual(table.get('a_1'));
});

test('holds a name that a row gives up until the store confirms the change', async () => {
  const { store, table, settled, doing } = open();
  doing(table.put({ id: 'a_1', name: 'x', changes: 0 }));
  store.answer(0, true);
  await settled();
  doing(table.change('a_1', (row) => ({ ...row!, name: 'y' })));
  expect([table.holderOf('x'), table.holderOf('y'), table.byName('x')]).toEqual(['a_1', 'a_1', undefined]);
  store.answer(0, false);
  await settled();
  expect([table.holderOf('x'), table.holderOf('y')]).toEqual(['a_1', undefined]);
  doing(table.change('a_1', () => undefined));
  expect([table.get('a_1'), table.holderOf('x')]).toEqual([undefined, 'a_1']);
  store.answer(0, true);
  await settled();
  expect(table.holderOf('x')).toBeUndefined();
});

test('puts a row back at its position when the store refuses its removal', async () => {
  const { store, table, settled, doing } = open();
  for (const id of ['a_1', 'a_2', 'a_3']) doing(table.put({ id, name: id, changes: 0 }));
  for (let left = 3; left > 0; left--) store.answer(0, true);
  await settled();
  doing(table.change('a_1', () => undefined));
  store.answer(0, false);
  await settled();
  expect(table.page(() => true, { limit: 2 }).data.map(({ id }) => id)).toEqual(['a_3', 'a_2']);
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

test('equals the store in any order of stored and refused changes', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (scenario) => {
      const { store, table, outcomes, settled, doing } = open();
      const stored = new Map<string, number>();
      const free = (row: Row): Row => {
        const holder = table.holderOf(row.name);
        if (holder !== undefined && holder !== row.id) throw new Error('the name is taken');
        return row;
      };
      const counted = (id: string, change: Promise<Row | undefined>) =>
        change.then((row) => stored.set(id, row ? (stored.get(id) ?? 0) + 1 : 0));
      for (const step of scenario) {
        if ('name' in step) {
          const { kind, id, name } = step;
          const make = (row: Row | undefined) => {
            if (kind === 'remove') return undefined;
            if (kind === 'rename' && !row) throw new Error('there is no such row');
            return free({ id, name, changes: (row?.changes ?? 0) + 1 });
          };
          doing(counted(id, table.change(id, make)));
        } else if ('at' in step && store.requests.length > 0) store.answer(step.at, step.kind === 'stored');
        else await settled();
        const visible = [...table.all()].map((row) => row.name);
        expect(new Set(visible).size).toBe(visible.length);
        for (const row of table.all()) expect(table.byName(row.name)).toBe(row);
      }
      for (await settled(); store.requests.length > 0; await settled()) store.answer(0, true);
      await Promise.all(outcomes);
      expect(new Map([...table.all()].map((row) => [row.id, row]))).toEqual(store.rows);
      for (const [id, row] of store.rows) {
        expect(row.changes).toBe(stored.get(id));
        expect(table.holderOf(row.name)).toBe(id);
      }
    }),
    { numRuns: 500 },
  );
});
