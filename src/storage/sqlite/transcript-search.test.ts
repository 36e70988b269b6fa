import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { aTranscript } from '../../insights/testing/records.ts';
import { openSqliteStorage, type Storage } from '../index.ts';
import { migrate } from '../migrations/index.ts';
import { notePlans } from '../testing/plans.ts';
import { kyselyOver } from './database.ts';
import { BLOCK_SIZE, openTranscriptIndex } from './transcript-index.ts';
import { SqliteTranscriptSearch } from './transcript-search.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-search-'));
afterAll(() => rmSync(folder, { recursive: true }));
let file: string;
let count = 0;
beforeEach(() => {
  file = join(folder, `${count++}.db`);
});

const open = () => openSqliteStorage({ file, clock: new VirtualClock(), hasWebhook: () => true });

/** Runs SQL behind the back of the program. */
function execute(sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

async function store(storage: Storage, recordingId: string, fullText: string, applicationId = 'app_1') {
  const transcript = aTranscript(
    { recordingId, callId: `call of ${recordingId}`, applicationId },
    { fullText },
  );
  await storage.commit({ insights: { transcript } });
}

/** Makes the next transcript the first of a block. */
const beginBlock = (block: number) =>
  execute(`INSERT INTO transcript_numbers VALUES (${block * BLOCK_SIZE - 1}, 'gap before ${block}')`);

/** Reads all pages of a search. */
async function pages(
  storage: Storage,
  q: string,
  limit: number,
  applicationId?: string,
): Promise<string[][]> {
  const all: string[][] = [];
  let cursor: string | undefined;
  for (;;) {
    const { data, nextCursor } = await storage.transcripts({ q, applicationId }, { limit, cursor });
    all.push(data.map(({ recordingId }) => recordingId));
    if (nextCursor === null) return all;
    cursor = nextCursor;
  }
}

test('finds transcripts of all blocks, newest first, page by page', async () => {
  const storage = await open();
  for (let block = 0; block < 5; block += 1) {
    if (block > 0) beginBlock(block * 3);
    for (const n of [1, 2])
      await store(storage, `rec_${block}${n}`, block === 2 ? 'tea' : 'two cups of coffee');
  }
  const wanted = ['rec_42', 'rec_41', 'rec_32', 'rec_31', 'rec_12', 'rec_11', 'rec_02', 'rec_01'];
  for (const limit of [1, 3, 50]) {
    const found = await pages(storage, 'coffee cup', limit);
    expect(found.flat()).toEqual(wanted);
    for (const page of found.slice(0, -1)) expect(page).toHaveLength(limit);
  }
  expect(await pages(storage, '"cups of coffee" two', 50)).toEqual([wanted]);
  expect(await pages(storage, '"coffee of cups"', 50)).toEqual([[]]);
  await storage.close();
});

test('ignores words without any letter of the index', async () => {
  const storage = await open();
  await store(storage, 'rec_1', 'two cups of coffee');
  // New Tai Lue vowel signs: letters since Unicode 8.
  for (const q of ['coffee \u19b0', '\u19b0 "\u19b1 \u19c8" coffee', '"\u19b0 coffee" cup'])
    expect(await pages(storage, q, 5), q).toEqual([['rec_1']]);
  for (const q of ['\u19b0', 'tea \u19b0']) expect(await pages(storage, q, 5), q).toEqual([[]]);
  await storage.close();
});

test('refuses a cursor whose number is no integer', async () => {
  const storage = await open();
  await store(storage, 'rec_1', 'coffee');
  for (const number of [1.5, 1e30, '1', null]) {
    const cursor = Buffer.from(JSON.stringify([number])).toString('base64url');
    const page = storage.transcripts({ q: 'coffee' }, { limit: 5, cursor });
    await expect(page).rejects.toMatchObject({ code: 'invalid_cursor' });
  }
  await storage.close();
});

test('a page ends after a number of blocks, even if nothing was found in them', async () => {
  const storage = await open();
  await store(storage, 'rec_both', 'salt and pepper');
  for (let block = 1; block <= 120; block += 1) {
    beginBlock(block);
    await store(storage, `rec_${block}a`, 'pepper');
    await store(storage, `rec_${block}b`, 'salt');
  }
  expect(await pages(storage, 'salt pepper', 50)).toEqual([[], ['rec_both']]);
  await storage.close();
});

test('meets no words of other applications', async () => {
  const storage = await open();
  await store(storage, 'rec_mine', 'the parcel', 'app_small');
  for (let block = 1; block <= 120; block += 1) {
    beginBlock(block);
    await store(storage, `rec_${block}`, 'the parcel', 'app_large');
  }
  expect(await pages(storage, 'parcel', 50, 'app_small')).toEqual([['rec_mine']]);
  expect(await pages(storage, 'parcel', 50, 'app_none')).toEqual([[]]);
  expect((await pages(storage, 'parcel', 500)).flat()).toHaveLength(121);
  await storage.close();
});

test('indexes the transcripts of an earlier version again', async () => {
  const first = await open();
  await store(first, 'rec_1', 'a giraffe');
  await store(first, 'rec_2', 'an okapi');
  await first.close();
  execute(`
    DROP TABLE transcript_index;
    CREATE VIRTUAL TABLE transcript_words USING fts5(full_text);
    DROP TRIGGER transcript_indexed; DROP TRIGGER transcript_reindexed; DROP TRIGGER transcript_unindexed;
    CREATE TRIGGER transcript_added AFTER INSERT ON transcripts BEGIN
      INSERT INTO transcript_words (full_text) VALUES (new.full_text);
    END;`);
  const storage = await open();
  expect(await pages(storage, 'okapi', 5, 'app_1')).toEqual([['rec_2']]);
  await store(storage, 'rec_3', 'another okapi');
  await storage.commit({ insights: { discardCall: 'call of rec_2' } });
  expect(await pages(storage, 'okapi', 5)).toEqual([['rec_3']]);
  await storage.close();
  const database = new DatabaseSync(file);
  expect(
    database.prepare("SELECT name FROM sqlite_master WHERE name LIKE 'transcript_words%'").all(),
  ).toEqual([]);
  database.close();
});

test('a search sorts nothing and reads no whole table', async () => {
  const database = new DatabaseSync(':memory:');
  await migrate(kyselyOver(database));
  openTranscriptIndex(database, silentLog);
  const plans = notePlans(database);
  new SqliteTranscriptSearch(database);
  const used = plans();
  expect(used).toHaveLength(4);
  for (const plan of used) expect(plan).toMatch(/^(SCAN (i|transcript_index) VIRTUAL TABLE INDEX|SEARCH)/);
  database.close();
});
