import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const database = new DatabaseSync(workerData as string, { timeout: 1_000 });
database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');

parentPort?.on('message', (step: 'copy' | 'finish' | 'empty') => {
  // PASSIVE never makes a writer or a reader wait. TRUNCATE leaves nothing in the log of what was erased.
  database.exec(`PRAGMA wal_checkpoint(${step === 'empty' ? 'TRUNCATE' : 'PASSIVE'})`);
  // The first write after a whole copy begins the log anew, and that is one more fsync: any write will do, and
  // better here than on the thread that carries calls.
  if (step !== 'copy') database.exec('PRAGMA user_version = 1');
  parentPort?.postMessage('done');
});
