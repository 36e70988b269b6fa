import { Failure } from '../../core/index.ts';

/**
 * Primary result codes of SQLite for what lies at the disk, or at whoever has locked the file, and not at the
 * statement: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN. The same write may succeed later.
 */
const PASSING = new Set([5, 6, 8, 10, 13, 14]);

/** Whether a write failed because nothing can be written at present. */
export function isUnwritable(error: unknown): error is Error {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === 'number' && PASSING.has(errcode & 0xff);
}

/** What those are told whose change is not kept in memory until it can be written. */
export const unwritable = (cause: unknown): Failure =>
  new Failure('overloaded', 'the database cannot be written at present', { cause });
