/**
 * SQL behind the stores that the other rooms declare, and no SQL anywhere else. A state change and the events
 * that report it are one commit. SQLite is the embedded default; queries and migrations are written once, with
 * Kysely, so that PostgreSQL runs the same ones.
 */
export { lockFile } from './sqlite/lock.ts';
export { openSqliteStorage, type SqliteOptions } from './sqlite/open.ts';
export type { Change, Storage, StorageOptions } from './storage.ts';
