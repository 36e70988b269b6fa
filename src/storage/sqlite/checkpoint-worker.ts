import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

// PASSIVE never makes a writer or a reader wait.
const database = new DatabaseSync(workerData as string, { timeout: 0 });

parentPort?.on('message', () => {
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  parentPort?.postMessage('done');
});
