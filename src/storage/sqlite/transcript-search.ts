import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as yieldThread } from 'node:timers/promises';
import type { TranscriptFilter } from '../../insights/index.ts';
import type { FoundTranscript, TranscriptSearch } from '../insights.ts';
import { prepareAll } from './statements.ts';
import { applicationWord, BLOCK_SIZE, blockWord } from './transcript-index.ts';

const MAX_WORDS = 16;
/** Blocks of the index that are searched for one page. Then it ends, with fewer rows than requested, or none. */
const MAX_BLOCKS = 100;

const STATEMENTS = {
  /** words, before → the number of the newest transcript before that */
  newest: `SELECT rowid AS number FROM transcript_index WHERE transcript_index MATCH ? AND rowid < ?
    ORDER BY rowid DESC LIMIT 1`,
  /** words, before, applicationId or null, limit */
  find: `SELECT n.recording_id AS recordingId, number, octet_length(t.segments) + octet_length(t.full_text) AS bytes
    FROM transcript_index i CROSS JOIN transcript_numbers n ON n.number = i.rowid
      CROSS JOIN transcripts t ON t.recording_id = n.recording_id
    WHERE i.transcript_index MATCH ?1 AND i.rowid < ?2
      AND t.status = 'completed' AND (?3 IS NULL OR t.application_id = ?3)
    ORDER BY i.rowid DESC LIMIT ?4`,
} as const;

/** Searches transcripts in SQLite's full-text index, newest first. */
export class SqliteTranscriptSearch implements TranscriptSearch {
  #run: Record<keyof typeof STATEMENTS, StatementSync>;

  constructor(database: DatabaseSync) {
    this.#run = prepareAll(database, STATEMENTS);
  }

  /**
   * Finds transcripts that contain all words, in any of their forms, and quoted phrases literally. Searches a block of
   * the index in each turn of the event loop: two common words that no transcript has in common would otherwise block
   * the thread for as long as reading all of their occurrences takes.
   */
  async find(
    { q, applicationId }: TranscriptFilter,
    limit: number,
    before = Number.MAX_SAFE_INTEGER,
  ): Promise<{ found: FoundTranscript[]; next: number | undefined }> {
    const phrases = phrasesOf(q ?? '');
    const scope = applicationId === undefined ? [] : [`scope : "${applicationWord(applicationId)}"`];
    const words = [...scope, ...phrases.flatMap(wordsOf).slice(0, MAX_WORDS).map(inText)];
    const wanted = [...scope, ...phrases.map(inText)].join(' AND ');
    const found: FoundTranscript[] = [];
    for (let blocks = 0, next = before; blocks < MAX_BLOCKS; blocks += 1) {
      const newest = phrases.length > 0 ? this.#newestOf(words, next) : undefined;
      if (newest === undefined) return { found, next: undefined };
      const block = `scope : "${blockWord(newest)}" AND ${wanted}`;
      const rows = this.#run.find.all(block, BigInt(newest + 1), applicationId ?? null, limit - found.length);
      found.push(...(rows as unknown as FoundTranscript[]));
      if (found.length === limit) return { found, next: found.at(-1)!.number };
      next = Math.floor(newest / BLOCK_SIZE) * BLOCK_SIZE;
      if (blocks === MAX_BLOCKS - 1) return { found, next };
      await yieldThread();
    }
    return { found, next: undefined };
  }

  /** Returns the newest transcript before a number that may contain all words; skips blocks without one of them. */
  #newestOf(words: string[], before: number): number | undefined {
    let newest = before - 1;
    for (const word of words) {
      // FTS5 begins at the limit only if it is an integer, which a number is not for `node:sqlite`.
      const row = this.#run.newest.get(word, BigInt(newest + 1));
      if (!row) return undefined;
      newest = Number(row['number']);
    }
    return newest;
  }
}

/** Quotes words and phrases, so that FTS5 reads no operator in them. */
const inText = (phrase: string): string => `full_text : "${phrase}"`;

/** Splits a query into words, and phrases in quotation marks. */
function phrasesOf(q: string): string[] {
  const terms = q.match(/"[^"]*"|[^\s"]+/g) ?? [];
  return terms
    .map((term) => term.replaceAll('"', '').trim())
    .filter((term) => HAS_WORD.test(term))
    .slice(0, MAX_WORDS);
}

/**
 * A letter or digit of the index. The exceptions were no letters in the Unicode version of SQLite's tokenizer: a word of
 * them alone would match nothing.
 */
const HAS_WORD = /[[\p{L}\p{N}]--[\u19b0-\u19c0\u19c8\u19c9\u1cf2\u1cf3]]/v;

/** Splits a phrase where the index does. */
const wordsOf = (phrase: string): string[] =>
  phrase.split(/[^\p{L}\p{N}\p{M}\p{Co}]+/u).filter((word) => HAS_WORD.test(word));
