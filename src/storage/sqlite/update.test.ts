import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { type Log, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { aTranscript } from '../../insights/testing/records.ts';
import { openSqliteStorage } from '../index.ts';
import { aCall, anEvent } from '../testing/records.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-update-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'db');

test('repeats an update that was interrupted, and logs it', async () => {
  const messages: string[] = [];
  const log: Log = { ...silentLog, info: (_, message) => void messages.push(message) };
  const open = () => openSqliteStorage({ file, clock: new VirtualClock(), log, hasWebhook: () => true });
  const first = await open();
  const call = aCall(first.ids.next('call'), { status: 'failed', costAmount: 5 });
  await first.commit({ call, events: [anEvent(call)] });
  await first.close();
  expect(messages).toEqual([]);

  const database = new DatabaseSync(file);
  const schema = () => database.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all();
  const before = schema();
  database.exec(`DELETE FROM kysely_migration WHERE name = '0014-growth';
    UPDATE call_hours SET calls = 7, cost = 7; DROP INDEX events_dead; CREATE INDEX calls_by_status_created_at_id ON calls (status, created_at, id)`);
  const again = await open();
  expect(schema()).toEqual(before);
  database.close();
  expect(messages).toEqual([expect.stringContaining('updating the database'), 'updated the database']);
  const from = call.createdAt - (call.createdAt % 3_600_000);
  expect(await again.usage({ applicationId: 'app_1', from, to: from + 3_600_000 })).toMatchObject({
    calls: 1,
    cost: 5,
  });
  expect((await again.calls({ status: 'failed' }, { limit: 5 })).data).toEqual([call]);
  await again.close();
  expect(statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBeLessThan(100_000);
});

test('continues to index transcripts after an interruption, without a large write-ahead log', async () => {
  const file = join(folder, 'transcripts');
  const messages: string[] = [];
  const log: Log = { ...silentLog, info: (_, message) => void messages.push(message) };
  const open = () => openSqliteStorage({ file, clock: new VirtualClock(), log, hasWebhook: () => true });
  const first = await open();
  for (const recordingId of ['rec_1', 'rec_2', 'rec_3']) {
    const words = Array.from({ length: 20_000 }, (_, n) => `word${n}`).join(' ');
    const owner = { recordingId, callId: `call of ${recordingId}`, applicationId: 'app_1' };
    await first.commit({ insights: { transcript: aTranscript(owner, { fullText: words }) } });
  }
  await first.close();
  const database = new DatabaseSync(file);
  database.exec(`DELETE FROM transcript_index WHERE rowid > 1;
    CREATE VIRTUAL TABLE transcript_words USING fts5(full_text)`);
  database.close();
  const again = await open();
  expect(statSync(`${file}-wal`).size).toBeLessThan(100_000);
  expect(messages).toEqual(['updated the database']);
  expect((await again.transcripts({ q: 'word19999' }, { limit: 5 })).data).toHaveLength(3);
  await again.close();
});
