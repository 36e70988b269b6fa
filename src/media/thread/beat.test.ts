import { describe, expect, it } from 'vitest';
import { defects } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { Beat } from './beat.ts';

/** A clock whose timers are late by these milliseconds, in turn. */
class LateClock extends VirtualClock {
  delays: number[] = [];
  override after(ms: number, run: () => void) {
    return super.after(ms + (this.delays.shift() ?? 0), run);
  }
}

function beating(clock: VirtualClock) {
  const times: number[] = [];
  const stale: boolean[] = [];
  const overdue: number[] = [];
  const beat = new Beat(clock, (_, isStale, others) => {
    times.push(clock.monotonic());
    stale.push(isStale);
    overdue.push(others);
  });
  beat.start();
  return { beat, times, stale, overdue };
}

describe('the beat', () => {
  it('runs every 20 ms', async () => {
    const clock = new VirtualClock();
    const { times } = beating(clock);
    await clock.advance(100);
    expect(times).toEqual([20, 40, 60, 80, 100]);
  });

  it('does not drift when timers fire late', async () => {
    const clock = new LateClock();
    clock.delays = [3, 1, 4, 1, 5];
    const { beat, times } = beating(clock);
    await clock.advance(100);
    expect(times).toEqual([23, 41, 64, 81, 105].filter((at) => at <= 100));
    await clock.advance(20);
    expect(times.slice(4)).toEqual([105, 120]);
    expect(beat.late).toBe(0);
  });

  it('runs every missed beat, and counts those that were late', async () => {
    const clock = new LateClock();
    clock.delays = [75];
    const { beat, times } = beating(clock);
    await clock.advance(120);
    expect(times).toEqual([95, 95, 95, 95, 100, 120]);
    expect(beat.late).toBe(4);
  });

  it('skips the time in which the machine slept', async () => {
    const clock = new LateClock();
    clock.delays = [60_000];
    const { times } = beating(clock);
    await clock.advance(60_060);
    expect(times).toEqual([60_020, 60_040, 60_060]);
  });

  it('marks those that are more than 100 ms late as stale', async () => {
    const clock = new LateClock();
    clock.delays = [175];
    const { stale } = beating(clock);
    await clock.advance(220);
    expect(stale).toEqual([true, true, true, true, ...Array(7).fill(false)]);
  });

  it('reports how many beats follow at once', async () => {
    const clock = new LateClock();
    clock.delays = [75];
    const { overdue } = beating(clock);
    await clock.advance(120);
    expect(overdue).toEqual([3, 2, 1, 0, 0, 0]);
  });

  it('continues after a defect', async () => {
    const clock = new VirtualClock();
    const caught: string[] = [];
    const quiet = defects.on(({ origin }) => caught.push(origin));
    const beat = new Beat(clock, (count) => {
      if (count === 1) throw new Error('a defect');
    });
    beat.start();
    await clock.advance(100);
    quiet();
    expect(beat.count).toBe(5);
    expect(caught).toEqual(['media.beat']);
    beat.stop();
  });

  it('leaves no timer when it is stopped', async () => {
    const clock = new VirtualClock();
    const { beat, times } = beating(clock);
    await clock.advance(20);
    beat.stop();
    await clock.advance(100);
    expect(times).toEqual([20]);
    expect(clock.pending).toBe(0);
  });

  it('continues at the time and with the number that it would have without the stop', async () => {
    const clock = new VirtualClock();
    const begun: [number, number][] = [];
    const beat = new Beat(clock, (number) => begun.push([number, clock.monotonic()]));
    beat.start();
    await clock.advance(50);
    beat.stop();
    await clock.advance(6_007);
    beat.resume();
    beat.resume();
    await clock.advance(23);
    expect(begun).toEqual([
      [0, 20],
      [1, 40],
      [302, 6_060],
      [303, 6_080],
    ]);
    expect([beat.count, beat.late]).toEqual([4, 0]);
  });
});
