import type { DatabaseSync } from 'node:sqlite';
import type { Log } from '../../core/index.ts';

/** Transcripts with consecutive numbers that a search examines in one step. */
export const BLOCK_SIZE = 16_384;

/** The word that all transcripts of a block contain. */
export const blockWord = (number: number): string => `b${Math.floor(number / BLOCK_SIZE)}`;

/** The word that all transcripts of an application contain. */
export const applicationWord = (id: string): string => `a${Buffer.from(id).toString('hex')}`;

/** The columns of the index for a row of `transcripts` with this number. */
const indexed = (row: string, number: string) =>
  `${number}, 'b' || (${number} / ${BLOCK_SIZE}) || ' a' || hex(${row}.application_id), ${row}.full_text`;

/** The index of earlier versions, which did not know applications and blocks. */
const EARLIER = ['transcript_added', 'transcript_changed', 'transcript_deleted'];

/** Whether the index of an earlier version still exists: the transcripts must be indexed again. */
export function hasEarlierIndex(database: DatabaseSync): boolean {
  return Boolean(database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'transcript_words'").get());
}

/**
 * Creates the full-text index of `transcripts` with SQLite's FTS5. Triggers update it with every write and deletion.
 * It is derived from the table and specific to SQLite, so it is not part of the migrations, which all databases share;
 * PostgreSQL has `tsvector` instead.
 *
 * The column `scope` has two words: one for the application, so that a search never meets the words of others, and one
 * for a block of numbers, so that each step of a search is bounded.
 */
export function openTranscriptIndex(database: DatabaseSync, log: Log): void {
  const earlier = hasEarlierIndex(database);
  if (earlier) for (const name of EARLIER) database.exec(`DROP TRIGGER IF EXISTS ${name}`);
  // A separate table of row numbers, because row ids of a table with a text key can change.
  const number = '(SELECT number FROM transcript_numbers WHERE recording_id';
  database.exec(`
    CREATE TABLE IF NOT EXISTS transcript_numbers (number INTEGER PRIMARY KEY, recording_id TEXT NOT NULL UNIQUE);
    CREATE VIRTUAL TABLE IF NOT EXISTS transcript_index
      USING fts5(scope, full_text, tokenize = 'porter unicode61 remove_diacritics 2');
    -- Otherwise the words of a deleted transcript stay in the index until it is merged.
    INSERT INTO transcript_index (transcript_index, rank) VALUES ('secure-delete', 1);
    CREATE TRIGGER IF NOT EXISTS transcript_indexed AFTER INSERT ON transcripts BEGIN
      INSERT INTO transcript_numbers (recording_id) VALUES (new.recording_id);
      INSERT INTO transcript_index (rowid, scope, full_text)
        SELECT ${indexed('new', 'number')} FROM transcript_numbers WHERE recording_id = new.recording_id;
    END;
    CREATE TRIGGER IF NOT EXISTS transcript_reindexed AFTER UPDATE OF full_text ON transcripts BEGIN
      UPDATE transcript_index SET full_text = new.full_text WHERE rowid = ${number} = new.recording_id);
    END;
    CREATE TRIGGER IF NOT EXISTS transcript_unindexed AFTER DELETE ON transcripts BEGIN
      DELETE FROM transcript_index WHERE rowid = ${number} = old.recording_id);
      DELETE FROM transcript_numbers WHERE recording_id = old.recording_id;
    END;
  `);
  if (earlier) replaceEarlier(database, log);
}

/** Transcripts that are indexed in one transaction. */
const BATCH = 5_000;

/** Fills the index from the transcripts, and deletes the earlier one. Continues where an interrupted start stopped. */
function replaceEarlier(database: DatabaseSync, log: Log): void {
  const last = database.prepare('SELECT coalesce(max(number), 0) AS number FROM transcript_numbers').get();
  const transcripts = Number(last?.['number']);
  if (transcripts > BATCH) log.info({ transcripts }, 'indexing the transcripts again: this takes minutes');
  const done = database.prepare('SELECT rowid AS number FROM transcript_index ORDER BY rowid DESC LIMIT 1');
  const fill = database.prepare(`INSERT INTO transcript_index (rowid, scope, full_text)
    SELECT ${indexed('t', 'number')} FROM transcript_numbers n JOIN transcripts t ON t.recording_id = n.recording_id
    WHERE number > ?1 AND number <= ?1 + ${BATCH}`);
  for (let from = Number(done.get()?.['number'] ?? 0); from < transcripts; from += BATCH) fill.run(from);
  database.exec('DROP TABLE transcript_words');
}
