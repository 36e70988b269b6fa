import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Line } from '../../e2e/support/harness.ts';
import { seconds } from './caller.ts';
import type { Chapter, Fault } from './fault.ts';
import { type History, historyOf } from './history.ts';
import { type Seen, World } from './world.ts';

const HOUR = 3_600_000;
const PRELOAD = join(import.meta.dirname, 'clock-shift.mjs');

/** The clock of a whole program, in all its threads, is set during a call. */
async function jump(ms: number): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-clock-'));
  const file = join(folder, 'shift');
  writeFileSync(file, '0');
  const world = await World.open({ CHAOS_CLOCK: file, NODE_OPTIONS: `--import ${PRELOAD}` });
  try {
    return await callsAround(world, ms, () => writeFileSync(file, String(ms)));
  } finally {
    await world.close();
    rmSync(folder, { recursive: true });
  }
}

/** A recorded call in whose middle the clock is set, and a call after it. */
async function callsAround(world: World, ms: number, set: () => void): Promise<Seen> {
  let refusals = 1;
  world.harness.app.webhook = ({ event }) => (event === 'call.answered' && refusals-- > 0 ? 500 : 204);
  const line = await world.harness.line([
    { start_recording: {} },
    { play: { url: world.harness.tone(1000, 1000) } },
    { gather: { timeout_seconds: 1 } },
    { stop_recording: {} },
  ]);
  const caller = await world.call(line);
  await seconds(0.6);
  set();
  await caller.hungUp();
  const history = await historyOf(line, 2000);
  const next = await world.call(line);
  await next.hungUp();
  return {
    caller: caller.heardOf(1000),
    application: history.events,
    operator: `${history.recorded}; ${(await oddities(line, ms, history)) || 'all times and ids are correct'}`,
  };
}

/** What is wrong with the times and ids of two calls. */
async function oddities(line: Line, ms: number, { call, recordings }: History): Promise<string> {
  const wrong: string[] = [];
  const check = (right: boolean, what: string) => right || wrong.push(what);
  const within = (value: number, least: number, most: number) => value >= least && value <= most;
  const { duration_seconds: lasted, billsec_seconds: billed } = call;
  check(within(lasted, 2, 5) && within(billed, 2, 5), `it lasted ${lasted} s, of which ${billed} are paid`);
  const recording = recordings[0] ?? {};
  const times = [
    call.created_at,
    recording.created_at,
    recording.started_at,
    recording.ended_at,
    call.ended_at,
  ];
  check(times.join() === times.toSorted().join(), `it happened in this order: ${times}`);
  const received = line.harness.app.events.all.filter(({ call }) => call['to'] === line.number);
  const ids: string[] = [];
  const pages = 200;
  for (let cursor = ''; ids.length < pages; ) {
    const page = await line.get(`/v1/events?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    ids.push(...page.data.map(({ id }: { id: string }) => id));
    if (page.next_cursor === null) break;
    cursor = page.next_cursor;
  }
  check(
    new Set(ids).size === ids.length && ids.length >= received.length - 1,
    `${ids.length} events are listed`,
  );
  check(ids.join() === ids.toSorted().reverse().join(), `events in this order: ${ids}`);
  const { data: calls } = await line.get('/v1/calls');
  const second = calls.find(({ id }: { id: string }) => id !== call.id);
  check(second.id > call.id, 'the second call has the lesser id');
  const between = Date.parse(second.created_at) - Date.parse(call.created_at);
  check(within(between, ms, ms + 20_000), `the clock has jumped by ${between} ms`);
  const link = await fetch(recording.file_url);
  check(link.ok, `the signed address of the recording answers ${link.status}`);
  return wrong.join('; ');
}

const fault = (name: string, ms: number): Fault => ({
  name,
  slow: true,
  happen: () => jump(ms),
  promised: {
    caller: 'hears everything',
    application:
      '`recording.started`, `call.gathered` (`timed_out`), `recording.completed` (`stop_recording`), `call.completed` (`application`)',
    operator: 'completed recording of the whole time; all times and ids are correct',
  },
});

export const clocks: Chapter = {
  title: 'Clocks',
  faults: [
    fault(
      'the clock jumps forward by an hour during a call, while a webhook waits for its next attempt',
      HOUR,
    ),
    fault('the clock jumps back by an hour during a call, while a webhook waits for its next attempt', -HOUR),
    fault('the clock jumps over midnight and a leap day during a call', 400 * 24 * HOUR),
  ],
};
