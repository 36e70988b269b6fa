import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { eventStore } from '../events.ts';
import { Quarantine } from '../quarantine.ts';
import { readersOf } from '../row-reader.ts';
import { kyselyOver } from '../sqlite/database.ts';
import { notePlans } from '../testing/plans.ts';
import { migrate, migrations } from './index.ts';

/** A digest of the schema after each migration. A released migration is never edited: each change is a new one. */
const FROZEN: Record<string, string> = {
  '0001-beginning': '9b42bbd5ce01c422',
  '0002-idempotency': 'a312b23a45d88aa0',
  '0003-phones': 'c23121c21893a8c3',
  '0004-insights': '7b041d8bd01dfd66',
  '0005-billing': '15f499d600d8c706',
  '0006-farewells': '8bcdf3e1705bee90',
  '0007-parked-events': '5d67d35513a0ecaf',
  '0008-retention': '8324093eb06af1bc',
  '0009-sealed-digits': 'fea5137fe1dbf380',
  '0010-sip-fields': 'b1eb74f653c498d9',
  '0011-tenants': '694912a3d7fc60b3',
  '0012-erasure': '36623c632beaaa2f',
  '0013-pending-byes': '893c0bb9dc7837de',
  '0014-growth': '3921b51dc44e6110',
};

/** Returns a digest of the tables and indexes after each migration. */
async function schemas(): Promise<Record<string, string>> {
  const database = new DatabaseSync(':memory:');
  const db = kyselyOver(database);
  const digests: Record<string, string> = {};
  for (const [name, migration] of Object.entries(migrations)) {
    await migration.up(db);
    const rows = database.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all();
    digests[name] = createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16);
  }
  database.close();
  return digests;
}

test('every migration results in the schema that it had when it was released', async () => {
  expect(await schemas()).toEqual(FROZEN);
});

test('a migration is self-contained: it imports nothing but the query builder', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => /^\d{4}-.*\.ts$/.test(name));
  expect(files.map((name) => name.slice(0, -3))).toEqual(Object.keys(migrations));
  for (const name of files) {
    const text = readFileSync(join(import.meta.dirname, name), 'utf8');
    const imports = [...text.matchAll(/\bfrom '([^']+)'|\bimport\(/g)].map(([, from]) => from);
    expect(imports, name).toEqual(['kysely']);
  }
});

test('queries of parked events use the index of parked events', async () => {
  const database = new DatabaseSync(':memory:');
  const db = kyselyOver(database);
  await migrate(db);
  const plans = notePlans(database);
  const quarantine = new Quarantine({ clock: new VirtualClock(), log: silentLog });
  const events = eventStore(db, readersOf(quarantine), quarantine);
  await events.parkedEvents();
  await events.nextDueAt(1);
  await events.dueEvents(1, 10);
  const used = plans().filter((plan) => plan.includes(' events '));
  expect(used).toHaveLength(3);
  for (const plan of used)
    expect(plan).toMatch(/^(SEARCH|SCAN) events USING (COVERING )?INDEX events_parked\b/);
  expect(used[0]).toContain('COVERING');
  database.close();
});
