import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { GroupCommit } from './group-commit.ts';

test('close waits for a running checkpoint, then writes the waiting changes', async () => {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (a)');
  const group = new GroupCommit(database, { clock: new VirtualClock(), log: silentLog, gatherMs: 0 });
  const checkpoint = Promise.withResolvers<void>();
  let written = false;
  const held = group.hold(() => checkpoint.promise);
  void group.keep(() => database.exec('INSERT INTO t VALUES (1)')).then(() => (written = true));
  const closed = group.close();
  await expect(group.write(() => {})).rejects.toThrow('the database is closed');
  expect(written).toBe(false);
  checkpoint.resolve();
  await Promise.all([held, closed]);
  expect(database.prepare('SELECT count(*) AS count FROM t').get()).toEqual({ count: 1 });
  database.close();
});

test('does not report a full disk as writable when no write is waiting', async () => {
  let isFull = true;
  const write = () => {
    if (isFull) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
  };
  // A transaction without a write succeeds on a full disk.
  const exec = (sql: string) => void (sql.includes('user_version') && write());
  const database = { isTransaction: false, prepare: () => ({ run() {} }), exec };
  const clock = new VirtualClock();
  const options = { clock, log: silentLog, gatherMs: 0 };
  const group = new GroupCommit(database as unknown as DatabaseSync, options);
  await expect(group.write(write)).rejects.toMatchObject({ code: 'overloaded' });
  let written = false;
  void group.written().then(() => (written = true));
  await clock.advance(5000);
  expect([written, group.trouble?.message]).toEqual([false, 'database or disk is full']);
  isFull = false;
  await clock.advance(1000);
  expect([written, group.trouble]).toEqual([true, undefined]);
});

test('reports that a transaction is undone even if the rollback fails', async () => {
  const exec = () => {
    throw new Error('disk I/O error');
  };
  const database = { isTransaction: true, prepare: () => ({ run() {} }), exec };
  const options = { clock: new VirtualClock(), log: silentLog, gatherMs: 0 };
  const group = new GroupCommit(database as unknown as DatabaseSync, options);
  let undone = 0;
  group.onUndone = () => void (undone += 1);
  const failing = group.write(() => {
    throw new Error('constraint failed');
  });
  await expect(failing).rejects.toThrow('disk I/O error');
  expect(undone).toBe(1);
});

/** Counts the writes of each transaction in `batches`. */
function countingGroup(clock: VirtualClock) {
  const batches: number[] = [];
  let writes = 0;
  const commit = () => {
    batches.push(writes);
    writes = 0;
  };
  const prepare = (sql: string) => ({ run: sql === 'COMMIT' ? commit : () => {} });
  const database = { isTransaction: false, prepare, exec() {} } as unknown as DatabaseSync;
  const group = new GroupCommit(database, { clock, log: silentLog, gatherMs: 3 });
  const write = (count: number) =>
    Promise.all(Array.from({ length: count }, () => group.keep(() => void writes++)));
  return { batches, write };
}

test.each([
  [1, 3],
  [4, 6],
  [50, 10],
])('after a transaction of %i writes, those of the next %i ms share one', async (count, restMs) => {
  const clock = new VirtualClock();
  const { batches, write } = countingGroup(clock);
  await write(count);
  const one = write(1);
  await clock.advance(restMs - 1);
  const another = write(1);
  await clock.advance(0);
  expect(batches).toEqual([count]);
  await clock.advance(1);
  await Promise.all([one, another]);
  expect(batches).toEqual([count, 2]);
});

test('writes without a rest while enough writes for a whole transaction wait', async () => {
  const { batches, write } = countingGroup(new VirtualClock());
  await write(200);
  expect(batches).toEqual([100, 100]);
});
