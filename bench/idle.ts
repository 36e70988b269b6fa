/**
 * Measures a process without calls: from its start to its `ready` line, and then its memory and CPU. All settings are
 * the defaults. The first start creates the database; the second one finds it, and what the first one has cached.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from '../e2e/support/server.ts';
import { sleep, systemClock } from '../src/core/index.ts';
import type { Options } from './options.ts';
import type { Row } from './row.ts';
import { applicationCore, pin, threadsBetween, usageOf } from './support/process.ts';
import { startMiniVoice } from './support/target.ts';

const DEFAULTS = { MINIVOICE_RECOGNISER: 'base' };
/** From the ready line to the measurement: what a start leaves to be done later is done then. */
const SETTLE_MS = 5000;

export async function run(options: Options): Promise<Row[]> {
  pin(process.pid, applicationCore(options.core));
  const folder = await mkdtemp(join(tmpdir(), 'minivoice-idle-'));
  try {
    const first = await started('first', options, folder);
    await first.server.terminate();
    const second = await started('second', options, folder);
    const rows = [...first.rows, ...second.rows, ...(await rest(second.server, options.seconds))];
    await second.server.terminate();
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function started(which: string, options: Options, folder: string) {
  const began = performance.now();
  const server = await startMiniVoice(options, DEFAULTS, folder);
  const ms = performance.now() - began;
  const { cpuMs } = usageOf(server.pid);
  const rows: Row[] = [
    { name: `idle: ${which} start to ready`, value: ms, unit: 'ms', noise: 50 },
    { name: `idle: CPU of the ${which} start`, value: cpuMs, unit: 'ms', noise: 50 },
  ];
  return { server, rows };
}

async function rest(server: Server, seconds: number): Promise<Row[]> {
  await sleep(systemClock, SETTLE_MS);
  const before = usageOf(server.pid);
  await sleep(systemClock, seconds * 1000);
  const after = usageOf(server.pid);
  const share = (cpuMs: number) => ({ value: (100 * cpuMs) / (after.at - before.at), unit: '% of a core' });
  const threads = threadsBetween(before, after).slice(0, 4);
  return [
    { name: 'idle: memory', value: after.residentKb / 1024, unit: 'MB' },
    { name: 'idle: threads', value: after.threadCount, unit: '', better: 'neither' },
    { name: 'idle: CPU', ...share(after.cpuMs - before.cpuMs), noise: 0.1 },
    ...threads.map(([name, cpuMs]): Row => {
      return { name: `idle: CPU, thread ${name}`, ...share(cpuMs), better: 'neither' };
    }),
  ];
}
