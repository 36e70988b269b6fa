import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { CamelCasePlugin, Kysely, SqliteDialect } from 'kysely';
import { explain, Failure } from '../../core/index.ts';
import type { Tables } from '../layouts.ts';
import { isUnwritable, unwritable } from './unwritable.ts';

/**
 * How long a write waits, and the whole thread with it, for another connection that is writing: that of the
 * checkpoints with its fsyncs, or a tool of the operator's. After that it is tried again, or refused.
 */
export const OTHERS_MS = 250;

/**
 * Opens or creates the file. WAL with `synchronous=NORMAL`: a commit costs no fsync, see
 * docs/decisions/0003-sqlite-durability.md. Automatic checkpoints are off, since they would hold the thread that
 * commits; `checkpoint.ts` does them elsewhere.
 */
export function openDatabase(file: string): DatabaseSync {
  try {
    const database = new DatabaseSync(file, { timeout: OTHERS_MS });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
    database.exec('PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000');
    // What is erased is overwritten, also in pages that become free.
    database.exec('PRAGMA secure_delete = ON');
    // Any write: who cannot write must say so before he takes calls.
    database.exec('PRAGMA user_version = 1');
    return database;
  } catch (cause) {
    const why = isFull(file) ? 'the disk is full' : explain(cause);
    throw new Failure('not_ready', `the database ${file} cannot be used: ${why}`, { cause });
  }
}

/** SQLite calls it an I/O error when there is no room for its index of the write-ahead log. */
function isFull(file: string): boolean {
  try {
    return statfsSync(dirname(file)).bavail < 16;
  } catch {
    return false;
  }
}

/** Kysely over a `DatabaseSync`, which is close to the driver that Kysely's own dialect expects. */
export function kyselyOver(database: DatabaseSync): Kysely<Tables> {
  const dialect = new SqliteDialect({
    database: { close: () => {}, prepare: (sql) => asKyselyWants(database, sql) },
  });
  return new Kysely<Tables>({ dialect, plugins: [new CamelCasePlugin()] });
}

function asKyselyWants(database: DatabaseSync, sql: string) {
  const statement = database.prepare(sql);
  // Otherwise one number that is too large to be exact would fail the whole list that it is in.
  statement.setReadBigInts(true);
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) =>
      refusing(() => statement.all(...values(parameters)).map(withNumbers)),
    run: (parameters: readonly unknown[]) => refusing(() => statement.run(...values(parameters))),
    *iterate(parameters: readonly unknown[]) {
      for (const row of statement.iterate(...values(parameters))) yield withNumbers(row);
    },
  };
}

/** Every number as one that can be counted with; those that cannot stay as they are. */
function withNumbers(row: Record<string, unknown>): Record<string, unknown> {
  for (const column in row) {
    const value = row[column];
    if (typeof value !== 'bigint') continue;
    const number = Number(value);
    if (Number.isSafeInteger(number)) row[column] = number;
  }
  return row;
}

/** Whoever asks for a write that is not possible at present can be told to come back. */
function refusing<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw isUnwritable(error) ? unwritable(error) : error;
  }
}
