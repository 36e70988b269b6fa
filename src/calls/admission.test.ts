import { beforeEach, describe, expect, it } from 'vitest';
import { silentLog, VirtualClock } from '../kit/index.ts';
import { Admission } from './admission.ts';

/** Time that passes while the main thread is busy: what falls due meanwhile is told too late. */
class BusyClock extends VirtualClock {
  #late = 0;

  override monotonic(): number {
    return super.monotonic() + this.#late;
  }

  /** The next timer fires so many milliseconds too late. */
  busy(ms: number): void {
    this.#late += ms;
  }
}

let clock: BusyClock;
let calls: number;
let media: { beats: number; lateBeats: number };
let memory: { heapUsed: number; availableBytes: number };
let writable: boolean;
let logged: string[];
let admission: Admission;

beforeEach(() => {
  clock = new BusyClock();
  calls = 20;
  media = { beats: 0, lateBeats: 0 };
  memory = { heapUsed: 0.2, availableBytes: 1e9 };
  writable = true;
  logged = [];
  const note = (_fields: object, message: string) => logged.push(message);
  const gauges = { calls: () => calls, media: () => media, memory: () => memory, writable: () => writable };
  const log = { ...silentLog, warn: note, info: note };
  admission = new Admission({ ...gauges, clock, log, maxCalls: 100 });
});

/** The main thread does 50 ms of work and more between two ticks. */
async function late(ms: number, ticks: number): Promise<void> {
  for (let tick = 0; tick < ticks; tick++) {
    clock.busy(ms);
    await clock.advance(50);
  }
}

async function beat(seconds: number, lateBeats: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    media = { beats: media.beats + 50, lateBeats: media.lateBeats + lateBeats };
    await clock.advance(1000);
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

  it('forgives one long turn of the main thread, and closes at the second', async () => {
    await late(300, 1);
    expect(admission.closed).toBeUndefined();
    await late(0, 1);
    await late(120, 2);
    expect(admission.closed).toBe('main_thread');
  });

  it('stays closed until the main thread has been quick for a fifth of a second', async () => {
    await late(120, 2);
    await late(0, 3);
    await late(60, 1);
    await late(0, 3);
    expect(admission.closed).toBe('main_thread');
    await late(0, 1);
    expect(admission.closed).toBeUndefined();
  });

  it('does not even answer while a turn of the main thread takes longer than a second', async () => {
    await late(1200, 2);
    expect(admission.drowning).toBe(true);
    await late(0, 1);
    expect(admission.drowning).toBe(false);
  });

  it('does not refuse the few calls that a slow machine has', async () => {
    calls = 9;
    await late(500, 3);
    await beat(3, 50);
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
    await clock.advance(1000);
    expect(admission.closed).toBe('memory');
    memory = { heapUsed: 0.5, availableBytes: 1e9 };
    await clock.advance(2000);
    expect(admission.closed).toBeUndefined();
    memory = { heapUsed: 0.5, availableBytes: 60e6 };
    await clock.advance(1000);
    expect(admission.closed).toBe('memory');
  });

  it('is held closed by whoever cannot do his part, for a while or until he can', async () => {
    admission.hold('ports', 1000);
    writable = false;
    expect(admission.closed).toBe('ports');
    await clock.advance(1000);
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
      await clock.advance(4000);
    }
    expect(logged).toHaveLength(1);
    await clock.advance(2000);
    expect(logged).toEqual([
      'new calls are refused: as many calls are alive as MINIVOICE_MAX_CALLS allows',
      'new calls are taken again',
    ]);
    expect(admission.refused).toEqual({ max_calls: 3000 });
  });
});
