import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { type Log, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { Checkpoints } from './checkpoint.ts';
import { GroupCommit } from './group-commit.ts';

const EVERY = 400;

/** Starts a thread that completes `copy`, and runs the given code for `finish`. */
const thread = (atFinish: string) => () =>
  new Worker(
    `const { parentPort } = require('node:worker_threads');
     parentPort.on('message', (step) => { if (step === 'copy') parentPort.postMessage('done'); else ${atFinish}; });`,
    { eval: true },
  );
const silent = 'void 0';

/** Opens a database whose checkpoints run in the given threads, one after the other. */
function open(...threads: (() => Worker)[]) {
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (fields) => warnings.push(JSON.stringify(fields)) };
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (a)');
  const group = new GroupCommit(database, { clock, log, gatherMs: 0 });
  const started: Worker[] = [];
  const checkpoints = new Checkpoints('', group, { clock, log }, () => {
    const worker = threads.shift()!();
    started.push(worker);
    return worker;
  });
  const insert = () => group.write(() => database.exec('INSERT INTO t VALUES (1)'));
  const untilCheckpoint = async () => {
    for (let count = 0; count < EVERY; count++) await insert();
  };
  const close = async () => {
    await checkpoints.close();
    await group.close();
    database.close();
  };
  return { clock, warnings, group, started, insert, untilCheckpoint, close };
}

/** Resolves when writes are held, with a write that waits. */
async function held(
  clock: VirtualClock,
  insert: () => Promise<unknown>,
): Promise<{ write: Promise<unknown> }> {
  for (;;) {
    let written = false;
    const write = insert().then(() => (written = true));
    await clock.advance(0);
    await clock.advance(0);
    if (!written) return { write };
  }
}

test('writes continue after 5 s when a checkpoint never ends', async () => {
  const { clock, warnings, started, insert, untilCheckpoint, close } = open(thread(silent), thread(silent));
  await untilCheckpoint();
  const { write } = await held(clock, insert);
  await clock.advance(4_999);
  expect(warnings).toEqual([]);
  await clock.advance(1);
  await write;
  expect(warnings.join()).toContain('held for more than 5 s');
  await expect.poll(() => started[0]!.threadId).toBe(-1);
  while (started.length < 2) await insert();
  const closed = close();
  await clock.advance(120_000);
  await closed;
  expect(clock.pending).toBe(0);
});

test.each([
  ['ends by itself', 'process.exit(0)', 'ended with 0'],
  ['throws', "throw new Error('disk I/O error')", 'disk I/O error'],
])('writes continue at once when the checkpoint thread %s', async (_what, atFinish, why) => {
  const { warnings, insert, untilCheckpoint, close } = open(thread(atFinish));
  await untilCheckpoint();
  await expect.poll(() => warnings.join()).toContain(why);
  await insert();
  await close();
});

test('a thread that cannot be started fails a checkpoint, and no write', async () => {
  const failing = () => {
    throw new Error('too many threads');
  };
  const { warnings, insert, untilCheckpoint, close } = open(failing);
  await untilCheckpoint();
  await insert();
  expect(warnings.join()).toContain('too many threads');
  await close();
});

test('the thread ends after ten seconds without a checkpoint, and the next checkpoint starts another', async () => {
  const complete = thread("parentPort.postMessage('done')");
  let steps = 0;
  const counted = () => complete().on('message', () => steps++);
  const { clock, warnings, started, insert, untilCheckpoint, close } = open(counted, counted);
  await untilCheckpoint();
  await expect.poll(() => steps).toBe(2);
  await insert();
  await clock.advance(10_000);
  await expect.poll(() => started[0]!.threadId).toBe(-1);
  await untilCheckpoint();
  await expect.poll(() => steps).toBe(4);
  await close();
  expect(started).toHaveLength(2);
  expect(warnings).toEqual([]);
  expect(clock.pending).toBe(0);
});
