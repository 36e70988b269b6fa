import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const database = new DatabaseSync(workerData as string, { timeout: 1_000 });
database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');

parentPort?.on('message', (step: 'copy' | 'finish') => {
  // PASSIVE never makes a writer or a reader wait.
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  // The first write after a whole copy begins the log anew, and that is one more fsync: any write will do, and
  // better here than on the thread that carries calls.
  if (step === 'finish') database.exec('PRAGMA user_version = 1');
  parentPort?.postMessage('done');
});
