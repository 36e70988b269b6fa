import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { CamelCasePlugin, Kysely, type LogEvent, SqliteDialect } from 'kysely';
import { explain, Failure } from '../../core/index.ts';
import type { Tables } from '../tables/index.ts';

/**
 * How long a write blocks its thread while another connection writes. That is the checkpoint thread with its fsyncs, or
 * a tool of the operator. After this time, the write is retried later or refused.
 */
export const BUSY_TIMEOUT_MS = 250;

/** 4 MB. With more, calls cost as much, even beside ten million others: the operating system caches the file too. */
export const CACHE_SIZE = -4_000;

/**
 * Opens or creates the database file. WAL with `synchronous=NORMAL`: a commit costs no fsync, see
 * docs/decisions/0003-sqlite-durability.md. Automatic checkpoints are off, because they would block the thread that
 * commits; `checkpoint.ts` runs them in another thread.
 * @throws Failure `not_ready`.
 */
export function openDatabase(file: string): DatabaseSync {
  try {
    const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
    database.exec(`PRAGMA foreign_keys = ON; PRAGMA cache_size = ${CACHE_SIZE}`);
    // Overwrites erased data, also in pages that become free.
    database.exec('PRAGMA secure_delete = ON');
    // Any write: a database that cannot be written must be reported before the first call.
    database.exec('PRAGMA user_version = 1');
    return database;
  } catch (cause) {
    const why = isFull(file) ? 'the disk is full' : explain(cause);
    throw new Failure('not_ready', `the database ${file} cannot be used: ${why}`, { cause });
  }
}

/** SQLite reports an I/O error when the disk has no space for the index of the write-ahead log. */
function isFull(file: string): boolean {
  try {
    return statfsSync(dirname(file)).bavail < 16;
  } catch {
    return false;
  }
}

/** Adapts a `DatabaseSync` to Kysely, whose SQLite dialect expects a similar driver. @param log gets each query. */
export function kyselyOver(database: DatabaseSync, log?: (event: LogEvent) => void): Kysely<Tables> {
  const dialect = new SqliteDialect({
    database: { close: () => {}, prepare: (sql) => statementFor(database, sql) },
  });
  return new Kysely<Tables>({ dialect, plugins: [new CamelCasePlugin()], ...(log && { log }) });
}

function statementFor(database: DatabaseSync, sql: string) {
  const statement = database.prepare(sql);
  // Otherwise a single integer that is too large to be exact would make the whole query fail.
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

/** Converts every exact integer of a row to a number; larger ones stay bigints. */
function withNumbers(row: Record<string, unknown>): Record<string, unknown> {
  for (const column in row) {
    const value = row[column];
    if (typeof value !== 'bigint') continue;
    const number = Number(value);
    if (Number.isSafeInteger(number)) row[column] = number;
  }
  return row;
}

/** Fails with `overloaded` when nothing can be written at present, so that the client can retry. */
function refusing<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw isUnwritable(error) ? unwritable(error) : error;
  }
}

/**
 * Primary result codes of SQLite that concern the disk or a lock, not the statement. They are BUSY, LOCKED, READONLY,
 * IOERR, FULL and CANTOPEN. The same write may succeed later.
 */
const TRANSIENT_CODES = new Set([5, 6, 8, 10, 13, 14]);

/** Whether a write failed because nothing can be written at present. */
export function isUnwritable(error: unknown): error is Error {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === 'number' && TRANSIENT_CODES.has(errcode & 0xff);
}

/** Returns the error for changes that are not kept in memory until they can be written. */
export const unwritable = (cause: unknown): Failure =>
  new Failure('overloaded', 'the database cannot be written at present', { cause });
