import { DatabaseSync } from 'node:sqlite';
import { Failure } from '../../core/index.ts';

/** SQLITE_BUSY. */
const BUSY = 5;

/**
 * Makes sure that one process alone works with a folder: a lock that the system takes back however the process
 * ends. Throws `invalid_setting` when another process has it.
 * @param file made where it is missing; stays empty.
 * @returns what gives the lock back.
 */
export function lockFile(file: string): () => void {
  // Node has no locks of its own; a transaction that never writes is one, on every system.
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
