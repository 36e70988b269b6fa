import type { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import type { Matching } from '../insights.ts';

/**
 * Creates the full-text index of `transcripts` with SQLite's FTS5. Triggers update it with every write and deletion.
 * It is derived from the table and specific to SQLite, so it is not part of the migrations, which all databases share;
 * PostgreSQL has `tsvector` instead.
 */
export function openTranscriptSearch(database: DatabaseSync): void {
  // A separate table of row numbers, because row ids of a table with a text key can change.
  const [numbers, row] = ['transcript_numbers', '(SELECT number FROM transcript_numbers WHERE recording_id'];
  database.exec(`
    CREATE TABLE IF NOT EXISTS ${numbers} (number INTEGER PRIMARY KEY, recording_id TEXT NOT NULL UNIQUE);
    CREATE VIRTUAL TABLE IF NOT EXISTS transcript_words
      USING fts5(full_text, tokenize = 'porter unicode61 remove_diacritics 2');
    -- Otherwise the words of a deleted transcript stay in the index until it is merged.
    INSERT INTO transcript_words (transcript_words, rank) VALUES ('secure-delete', 1);
    CREATE TRIGGER IF NOT EXISTS transcript_added AFTER INSERT ON transcripts BEGIN
      INSERT INTO ${numbers} (recording_id) VALUES (new.recording_id);
      INSERT INTO transcript_words (rowid, full_text) VALUES (${row} = new.recording_id), new.full_text);
    END;
    CREATE TRIGGER IF NOT EXISTS transcript_changed AFTER UPDATE OF full_text ON transcripts BEGIN
      UPDATE transcript_words SET full_text = new.full_text WHERE rowid = ${row} = new.recording_id);
    END;
    CREATE TRIGGER IF NOT EXISTS transcript_deleted AFTER DELETE ON transcripts BEGIN
      DELETE FROM transcript_words WHERE rowid = ${row} = old.recording_id);
      DELETE FROM ${numbers} WHERE recording_id = old.recording_id;
    END;
  `);
}

/** The newest transcripts that contain a common word; finding all of them would block the main thread. */
const MAX_FOUND = 10_000;
const MAX_WORDS = 16;

/** Matches transcripts that contain all words, in any of their forms, and quoted phrases literally. */
export const matchingInSqlite: Matching = (q) => sql<boolean>`recording_id IN (
  SELECT n.recording_id FROM (
    SELECT rowid FROM transcript_words WHERE transcript_words MATCH ${expressionOf(q)}
    ORDER BY rowid DESC LIMIT ${sql.lit(MAX_FOUND)}
  ) w JOIN transcript_numbers n ON n.number = w.rowid)`;

/** Quotes every word, so that FTS5 reads no operator in it. */
function expressionOf(q: string): string {
  const terms = q.match(/"[^"]*"|[^\s"]+/g) ?? [];
  const words = terms
    .map((term) => term.replaceAll('"', '').trim())
    .filter((term) => /[\p{L}\p{N}]/u.test(term));
  // FTS5 has no expression that matches nothing: this word never occurs.
  return words.length > 0
    ? words
        .slice(0, MAX_WORDS)
        .map((word) => `"${word}"`)
        .join(' ')
    : '"\u{10ffff}"';
}
