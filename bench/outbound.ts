/**
 * Measures the CPU cost of outbound calls: POST /v1/calls at a steady rate, answered by sipp. The calls play nothing
 * and end. sipp and the application run on another core than the server.
 */
import { spawn } from 'node:child_process';
import { freePort } from '../e2e/support/peers.ts';
import type { Server } from '../e2e/support/server.ts';
import { sleep, systemClock } from '../src/core/index.ts';
import type { Options } from './options.ts';
import type { Row } from './row.ts';
import { ApplicationProcess } from './support/application-process.ts';
import { applicationCore, loadCore, pin, usageOf } from './support/process.ts';
import { startMiniVoice } from './support/target.ts';

const FROM = '+15550107778';

export async function run(options: Options): Promise<Row[]> {
  const { seconds, core } = options;
  const [rate = 200] = options.rate;
  pin(process.pid, applicationCore(core));
  const application = await ApplicationProcess.start({ actions: [] }, applicationCore(core));
  const server = await startMiniVoice(options);
  const port = freePort();
  const uas = ['-sn', 'uas', '-i', '127.0.0.1', '-p', `${port}`, '-nostdin'];
  const callee = spawn('taskset', ['-c', `${loadCore(core)}`, 'sipp', ...uas], { stdio: 'ignore' });
  try {
    const { apiKey } = await server.application(application.urls, FROM);
    const order = { from: FROM, to: `sip:callee@127.0.0.1:${port}`, actions: [] };
    const place = () =>
      server.request<{ id: string }>('POST', '/v1/calls', apiKey, order).catch(() => undefined);
    await atRate(rate, 1, place);
    const before = usageOf(server.pid);
    const placed = await atRate(rate, seconds, place);
    const ends = await ended(server, apiKey, rate * (seconds + 1));
    const cpuMs = usageOf(server.pid).cpuMs - before.cpuMs;
    const calls = rate * seconds;
    const name = `${rate} outbound calls per second:`;
    const refused = placed.filter((call) => call === undefined).length;
    return [
      { name: `${name} failed`, value: refused + rate * (seconds + 1) - ends, unit: 'calls', budget: 0 },
      { name: `${name} CPU of a call`, value: cpuMs / calls, unit: 'ms', budget: 5 },
    ];
  } finally {
    callee.kill();
    await server.stop();
    application.close();
  }
}

/** Does it `rate` times a second on an absolute beat, and resolves when all of it is done. */
async function atRate<T>(rate: number, seconds: number, act: () => Promise<T>): Promise<T[]> {
  const began = systemClock.monotonic();
  const all: Promise<T>[] = [];
  for (let n = 0; n < rate * seconds; n++) {
    const early = began + (n * 1000) / rate - systemClock.monotonic();
    if (early > 1) await sleep(systemClock, early);
    all.push(act());
  }
  return Promise.all(all);
}

/** Waits up to 30 s for all calls to end. @returns how many were completed normally. */
async function ended(server: Server, apiKey: string, calls: number): Promise<number> {
  for (let tries = 0; tries < 60; tries++) {
    const [live] = await server.metricValues('calls_live');
    if (live === 0) break;
    await sleep(systemClock, 500);
  }
  let count = 0;
  for (let cursor: string | null = ''; cursor !== null && count <= calls; ) {
    const path: string = `/v1/calls?status=completed&limit=200${cursor && `&cursor=${cursor}`}`;
    const page: { count: number; next_cursor: string | null } = await server.request('GET', path, apiKey);
    count += page.count;
    cursor = page.next_cursor;
  }
  return count;
}
