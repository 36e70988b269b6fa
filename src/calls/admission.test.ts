import { beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { Admission } from './admission.ts';

let clock: VirtualClock;
let idle: number;
let calls: number;
let messages: number;
let media: { beats: number; lateBeats: number };
let memory: { heapUsed: number; availableBytes: number };
let writable: boolean;
let logged: string[];
let turns: (() => void)[];
let admission: Admission;

beforeEach(() => {
  clock = new VirtualClock();
  calls = 20;
  idle = 0;
  messages = 0;
  media = { beats: 0, lateBeats: 0 };
  memory = { heapUsed: 0.2, availableBytes: 1e9 };
  writable = true;
  logged = [];
  turns = [];
  const note = (_fields: object, message: string) => logged.push(message);
  const gauges = {
    idleMs: () => idle,
    calls: () => calls,
    messages: () => messages,
    media: () => media,
    memory: () => memory,
    writable: () => writable,
    nextTurn: (run: () => void) => void turns.push(run),
  };
  const log = { ...silentLog, warn: note, info: note };
  admission = new Admission({ ...gauges, clock, log, maxCalls: 1000 });
});

/** Keeps the main thread busy for this part of the time, in turns of 50 ms. Four calls begin in each. */
async function busy(part: number, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    idle += 50 * (1 - part);
    await clock.advance(50);
    turns.shift()?.();
    void admission.refusalCause;
  }
}

/** Offers calls that are live once `start` has resolved. @returns how many are admitted. */
function askFor(calls: number, start = async () => {}): number {
  let admitted = 0;
  for (let call = 0; call < calls; call++) {
    if (admission.admit()) continue;
    admitted++;
    void admission.begin(start).catch(() => {});
  }
  return admitted;
}

async function beat(seconds: number, lateBeats: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    media = { beats: media.beats + 50, lateBeats: media.lateBeats + lateBeats };
    await busy(0.1, 1000);
  }
}

describe('Admission', () => {
  it('admits calls on a machine with capacity', async () => {
    await beat(5, 1);
    expect(admission.admit()).toBeUndefined();
    expect(admission.refused).toEqual({});
    admission.close();
    expect(clock.pending).toBe(0);
  });

  it('refuses calls while the maximum number is live', () => {
    calls = 1000;
    expect(admission.admit()).toBe('max_calls');
    calls = 999;
    expect(admission.admit()).toBeUndefined();
    expect(admission.refused).toEqual({ max_calls: 1 });
  });

  it('counts the calls that wait or begin until they are live or have failed', async () => {
    calls = 990;
    const { promise, reject } = Promise.withResolvers<void>();
    expect(askFor(20, () => promise)).toBe(10);
    expect(admission.refused).toEqual({ max_calls: 10 });
    expect(admission.waiting).toBe(6);
    await busy(0.1, 100);
    expect(admission.waiting).toBe(0);
    expect(askFor(1)).toBe(0);
    reject(new Error('no port'));
    await busy(0.1, 50);
    expect(askFor(20)).toBe(10);
  });

  it('does not count a waiting call whose caller gives up', async () => {
    calls = 995;
    expect(askFor(4)).toBe(4);
    const { promise: canceled, resolve: cancel } = Promise.withResolvers<void>();
    void admission.begin(async () => {}, canceled);
    expect(admission.waiting).toBe(1);
    await clock.advance(0);
    cancel();
    await clock.advance(0);
    expect(admission.waiting).toBe(0);
    expect(askFor(5)).toBe(5);
  });

  it('refuses calls that wait when the server stops', async () => {
    askFor(4);
    await clock.advance(0);
    const begun: number[] = [];
    const waiting = admission.begin(async () => begun.push(1));
    admission.suspend('draining');
    const refusal = expect(waiting).rejects.toMatchObject({ code: 'overloaded' });
    await busy(0.1, 50);
    await refusal;
    expect(begun).toEqual([]);
    expect(admission.refused).toEqual({ draining: 1 });
  });

  it('measures nothing and sets no timer while no calls arrive', async () => {
    memory = { heapUsed: 0.9, availableBytes: 1e9 };
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
    expect(admission.admit()).toBe('memory');
  });

  it('refuses calls that would wait too long for the main thread', async () => {
    askFor(20);
    await busy(1, 100);
    expect(askFor(300)).toBeLessThan(160);
    expect(admission.refusalCause).toBe('main_thread');
    await busy(1, admission.waiting * 13);
    expect(askFor(1)).toBe(1);
    await busy(0.5, 1000);
    expect(admission.refusalCause).toBeUndefined();
  });

  it('admits every call while others keep the main thread busy, as long as calls do not wait', async () => {
    for (let tick = 0; tick < 200; tick++) {
      expect(askFor(1)).toBe(1);
      await busy(1, 50);
    }
    expect(admission.refusalCause).toBeUndefined();
  });

  it('is saturated when the main thread reads messages for two seconds instead of beginning calls', async () => {
    const flood = async (seconds: number) => {
      for (let tick = 0; tick < 20 * seconds; tick++) {
        askFor(1);
        messages += 60;
        await busy(1, 50);
      }
    };
    await flood(1);
    expect(admission.isSaturated).toBe(false);
    await flood(1);
    expect(admission.isSaturated).toBe(true);
    await busy(0.9, 1000);
    expect(admission.isSaturated).toBe(false);
  });

  it('is not saturated by calls, however many are refused', async () => {
    for (let tick = 0; tick < 200; tick++) {
      askFor(10);
      messages += 20;
      await busy(1, 50);
    }
    expect(admission.refused['main_thread']).toBeGreaterThan(1000);
    expect(admission.isSaturated).toBe(false);
  });

  it('does not refuse calls for the load when there are few', async () => {
    calls = 0;
    askFor(10);
    await busy(1, 200);
    await beat(3, 50);
    expect(askFor(10)).toBe(10);
    await clock.advance(0);
    expect(admission.refused).toEqual({});
    expect(admission.refusalCause).toBeUndefined();
  });

  it('refuses calls after two seconds with a fifth of the beats late, until three seconds are in time', async () => {
    await beat(1, 10);
    expect(admission.refusalCause).toBeUndefined();
    await beat(1, 10);
    expect(admission.refusalCause).toBe('media');
    await beat(2, 0);
    expect(admission.refusalCause).toBe('media');
    await beat(1, 0);
    expect(admission.refusalCause).toBeUndefined();
  });

  it('does not refuse calls for beats that were late before a time without calls', async () => {
    await beat(1, 13);
    media = { beats: media.beats + 100, lateBeats: media.lateBeats + 25 };
    await clock.advance(600_000);
    expect(askFor(30)).toBe(30);
    await beat(1, 13);
    expect(admission.refusalCause).toBeUndefined();
  });

  it('is not saturated after a time without messages', async () => {
    for (let tick = 0; tick < 50; tick++) {
      messages += 60;
      await busy(1, 50);
    }
    expect(admission.isSaturated).toBe(true);
    idle += 600_000;
    await clock.advance(600_000);
    expect(admission.isSaturated).toBe(false);
  });

  it('refuses calls before heap or machine run out of memory, however few calls are live', async () => {
    calls = 0;
    memory = { heapUsed: 0.86, availableBytes: 1e9 };
    await busy(0.1, 1000);
    expect(admission.refusalCause).toBe('memory');
    memory = { heapUsed: 0.5, availableBytes: 1e9 };
    await busy(0.1, 2000);
    expect(admission.refusalCause).toBeUndefined();
    memory = { heapUsed: 0.5, availableBytes: 60e6 };
    await busy(0.1, 1000);
    expect(admission.refusalCause).toBe('memory');
  });

  it('refuses calls while it is suspended or storage cannot write', async () => {
    admission.suspend('ports', 1000);
    writable = false;
    expect(admission.refusalCause).toBe('ports');
    await busy(0.1, 1000);
    expect(admission.refusalCause).toBe('storage');
    writable = true;
    expect(admission.refusalCause).toBeUndefined();
    admission.suspend('draining');
    expect(admission.refusalCause).toBe('draining');
    admission.resume('draining');
    expect(admission.refusalCause).toBeUndefined();
  });

  it('logs the start and the end of an episode once, however many calls are refused', async () => {
    for (let time = 0; time < 3; time++) {
      calls = 1000;
      for (let call = 0; call < 1000; call++) admission.admit();
      calls = 50;
      await busy(0.1, 4000);
    }
    expect(logged).toHaveLength(1);
    await busy(0.1, 2000);
    expect(logged).toEqual([
      'new calls are refused: the limit MINIVOICE_MAX_CALLS is reached',
      'new calls are taken again',
    ]);
    expect(admission.refused).toEqual({ max_calls: 3000 });
  });
});
