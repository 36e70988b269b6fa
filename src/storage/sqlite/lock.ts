import { DatabaseSync } from 'node:sqlite';
import { Failure } from '../../core/index.ts';

/** SQLITE_BUSY. */
const BUSY = 5;

/**
 * Locks a folder for this process. The system releases the lock however the process ends.
 * @param file the lock file; created if missing, and always empty.
 * @returns a function that releases the lock.
 * @throws Failure `invalid_setting` when another process holds the lock.
 */
export function lockFile(file: string): () => void {
  // Node has no file locks; a transaction that never writes is one, on every system.
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode !== BUSY) throw cause;
    throw new Failure('invalid_setting', 'another MiniVoice is running on it');
  }
  return () => lock.close();
}
