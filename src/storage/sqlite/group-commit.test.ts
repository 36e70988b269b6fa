import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { type Clock, silentLog } from '../../core/index.ts';
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

/** A database in which each transaction takes `ms` milliseconds and adds the number of its writes to `batches`. */
function slowDatabase(clock: Clock & { pass(ms: number): void }, ms: number, batches: number[]) {
  let writes = 0;
  const commit = () => {
    clock.pass(ms);
    batches.push(writes);
    writes = 0;
  };
  const prepare = (sql: string) => ({ run: sql === 'COMMIT' ? commit : () => {} });
  return {
    database: { isTransaction: false, prepare, exec() {} } as unknown as DatabaseSync,
    write: () => void writes++,
  };
}

/** A virtual clock on which synchronous work can take time. */
class WorkClock extends VirtualClock {
  #passed = 0;

  override monotonic(): number {
    return super.monotonic() + this.#passed;
  }

  pass(ms: number): void {
    this.#passed += ms;
  }
}

test('rests after a transaction for ten times its duration, so that later writes share the next one', async () => {
  const clock = new WorkClock();
  const batches: number[] = [];
  const { database, write } = slowDatabase(clock, 0.5, batches);
  const group = new GroupCommit(database, { clock, log: silentLog, gatherMs: 3 });
  await group.keep(write);
  const rest = [group.keep(write), group.keep(write)];
  await clock.advance(4);
  expect(batches).toEqual([1]);
  await clock.advance(2);
  await Promise.all(rest);
  expect(batches).toEqual([1, 2]);
});

test('does not rest while there are enough writes for the next transaction', async () => {
  const clock = new WorkClock();
  const batches: number[] = [];
  const { database, write } = slowDatabase(clock, 0.5, batches);
  const group = new GroupCommit(database, { clock, log: silentLog, gatherMs: 3 });
  await Promise.all(Array.from({ length: 200 }, () => group.keep(write)));
  expect(batches).toEqual([100, 100]);
});
