/**
 * Implements the stores that other modules declare; no other module contains SQL. A state change and the events that
 * report it are one commit. SQLite is the embedded default. Every statement of the write path is plain SQL that is
 * prepared once (`sqlite/statements.ts`); queries with filters and migrations use Kysely, so that PostgreSQL can run
 * them too. `tables/` describes each table once.
 */
export { lockFile } from './sqlite/lock.ts';
export { openSqliteStorage } from './sqlite/open.ts';
export type { Storage } from './storage.ts';
