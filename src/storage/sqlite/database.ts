import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { CamelCasePlugin, Kysely, SqliteDialect } from 'kysely';
import type { Tables } from '../layouts.ts';

/**
 * Opens or creates the file. WAL with `synchronous=NORMAL`: a commit costs no fsync, see
 * docs/decisions/0003-sqlite-durability.md. Automatic checkpoints are off, since they would hold the thread that
 * commits; `checkpoint.ts` does them elsewhere.
 */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
  database.exec('PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000');
  return database;
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
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
    run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
  };
}
