import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { silentLog, VirtualClock } from '../../kit/index.ts';
import { GroupCommit } from './group-commit.ts';

test('who closes during a checkpoint lets it end, and then writes what waits for it', async () => {
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
