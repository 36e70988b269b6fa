import type { DatabaseSync } from 'node:sqlite';
import type { LogEvent } from 'kysely';
import type { Clock, Log } from '../../core/index.ts';
import { migrate } from '../migrations/index.ts';
import { CACHE_SIZE, kyselyOver } from './database.ts';
import { openSums } from './sums.ts';
import { hasEarlierIndex, openTranscriptIndex } from './transcript-index.ts';

/** Steps that take longer are logged: an update of millions of rows takes minutes. */
const SLOW_MS = 1_000;
/** The most characters of a statement in the log. */
const SHOWN = 100;

/** Creates the tables of a new database, or updates those of an earlier version and logs the progress. */
export async function updateTables(
  database: DatabaseSync,
  { clock, log }: { clock: Clock; log: Log },
): Promise<void> {
  const began = clock.monotonic();
  let isUpdate = false;
  const db = kyselyOver(database, ({ query, queryDurationMillis }: LogEvent) => {
    if (queryDurationMillis < SLOW_MS) return;
    const seconds = Math.round(queryDurationMillis / 1000);
    log.info({ seconds, statement: query.sql.trim().slice(0, SHOWN) }, 'finished a step of the update');
  });
  const prepareUpdate = () => {
    isUpdate = true;
    // An index of millions of rows must not leave a write-ahead log of gigabytes, and is sorted faster in memory.
    database.exec('PRAGMA wal_autocheckpoint = 1000; PRAGMA cache_size = -256000');
  };
  await migrate(db, (migrations) => {
    prepareUpdate();
    log.info({ migrations }, 'updating the database: with millions of calls, this takes minutes');
  });
  // The last start may have been interrupted after the migrations.
  if (!isUpdate && hasEarlierIndex(database)) prepareUpdate();
  openSums(database);
  openTranscriptIndex(database, log);
  if (!isUpdate) return;
  database.exec(`PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = ${CACHE_SIZE}`);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  log.info({ seconds: Math.round((clock.monotonic() - began) / 1000) }, 'updated the database');
}
