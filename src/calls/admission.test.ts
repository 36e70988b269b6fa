import { beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { Admission } from './admission.ts';

let clock: VirtualClock;
let idle: number;
let calls: number;
let media: { beats: number; lateBeats: number };
let memory: { heapUsed: number; availableBytes: number };
let writable: boolean;
let logged: string[];
let admission: Admission;

beforeEach(() => {
  clock = new VirtualClock();
  calls = 20;
  idle = 0;
  media = { beats: 0, lateBeats: 0 };
  memory = { heapUsed: 0.2, availableBytes: 1e9 };
  writable = true;
  logged = [];
  const note = (_fields: object, message: string) => logged.push(message);
  const gauges = {
    idleMs: () => idle,
    calls: () => calls,
    media: () => media,
    memory: () => memory,
    writable: () => writable,
  };
  const log = { ...silentLog, warn: note, info: note };
  admission = new Admission({ ...gauges, clock, log, maxCalls: 100 });
});

/** The main thread has something to do for this part of the time. */
async function busy(part: number, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    idle += 50 * (1 - part);
    await clock.advance(50);
  }
}

function storm(calls: number): void {
  for (let call = 0; call < calls; call++) admission.ask();
}

async function beat(seconds: number, lateBeats: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    media = { beats: media.beats + 50, lateBeats: media.lateBeats + lateBeats };
    await busy(0.1, 1000);
  }
}

describe('the gate for new calls', () => {
  it('is open on a machine that has time', async () => {
    await beat(5, 1);
    expect(admission.ask()).toBeUndefined();
    expect(admission.refused).toEqual({});
    admission.close();
    expect(clock.pending).toBe(0);
  });

  it('is closed while as many calls are alive as may be', () => {
    calls = 100;
    expect(admission.ask()).toBe('max_calls');
    calls = 99;
    expect(admission.ask()).toBeUndefined();
    expect(admission.refused).toEqual({ max_calls: 1 });
  });

  it('takes fewer calls when the main thread has had no rest for a second, and tells so', async () => {
    for (let tick = 0; tick < 20; tick++) {
      storm(20);
      await busy(1, 50);
    }
    storm(20);
    expect(admission.closed).toBe('main_thread');
    expect(admission.refused['main_thread']).toBe(6);
    await busy(0.5, 1100);
    expect(admission.closed).toBeUndefined();
  });

  it('does not even answer when refusing has given the main thread no rest for two seconds', async () => {
    await busy(1, 2000);
    expect(admission.drowning).toBe(false);
    await busy(1, 50);
    expect(admission.drowning).toBe(true);
    await busy(0.9, 50);
    expect(admission.drowning).toBe(false);
  });

  it('does not refuse the few calls that a slow machine has', async () => {
    calls = 9;
    await busy(1, 3000);
    await beat(3, 50);
    storm(20);
    expect(admission.refused).toEqual({});
    expect(admission.closed).toBeUndefined();
  });

  it('closes when a fifth of the beats is late for two seconds, and opens when they have been in time for three', async () => {
    await beat(1, 10);
    expect(admission.closed).toBeUndefined();
    await beat(1, 10);
    expect(admission.closed).toBe('media');
    await beat(2, 0);
    expect(admission.closed).toBe('media');
    await beat(1, 0);
    expect(admission.closed).toBeUndefined();
  });

  it('closes before the heap is full, and before the machine has no memory left, whatever few calls there are', async () => {
    calls = 0;
    memory = { heapUsed: 0.86, availableBytes: 1e9 };
    await busy(0.1, 1000);
    expect(admission.closed).toBe('memory');
    memory = { heapUsed: 0.5, availableBytes: 1e9 };
    await busy(0.1, 2000);
    expect(admission.closed).toBeUndefined();
    memory = { heapUsed: 0.5, availableBytes: 60e6 };
    await busy(0.1, 1000);
    expect(admission.closed).toBe('memory');
  });

  it('is held closed by whoever cannot do his part, for a while or until he can', async () => {
    admission.hold('ports', 1000);
    writable = false;
    expect(admission.closed).toBe('ports');
    await busy(0.1, 1000);
    expect(admission.closed).toBe('storage');
    writable = true;
    expect(admission.closed).toBeUndefined();
    admission.hold('draining');
    expect(admission.closed).toBe('draining');
    admission.lift('draining');
    expect(admission.closed).toBeUndefined();
  });

  it('tells of an episode at its begin and its end, whatever number was refused and however often it opened', async () => {
    for (let time = 0; time < 3; time++) {
      calls = 100;
      for (let call = 0; call < 1000; call++) admission.ask();
      calls = 50;
      await busy(0.1, 4000);
    }
    expect(logged).toHaveLength(1);
    await busy(0.1, 2000);
    expect(logged).toEqual([
      'new calls are refused: as many calls are alive as MINIVOICE_MAX_CALLS allows',
      'new calls are taken again',
    ]);
    expect(admission.refused).toEqual({ max_calls: 3000 });
  });
});
