import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const database = new DatabaseSync(workerData as string, { timeout: 1_000 });
database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');

parentPort?.on('message', (step: 'copy' | 'finish' | 'empty') => {
  // PASSIVE never makes a writer or a reader wait. TRUNCATE leaves no erased data in the log.
  database.exec(`PRAGMA wal_checkpoint(${step === 'empty' ? 'TRUNCATE' : 'PASSIVE'})`);
  // The first write after a complete copy restarts the log, which costs another fsync. This makes any write here, to
  // keep that fsync off the thread that handles calls.
  if (step !== 'copy') database.exec('PRAGMA user_version = 1');
  parentPort?.postMessage('done');
});
