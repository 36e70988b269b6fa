import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';

/** So many calls come in each 50 ms. @returns how many are taken. */
function come(pace: Pace, calls: number): number {
  let taken = 0;
  for (let call = 0; call < calls; call++) if (pace.take()) taken++;
  return taken;
}

/** A machine that can set up so many calls a second, at which so many knock. */
function load(pace: Pace, capacity: number, offered: number, seconds: number) {
  let waiting = 0;
  let most = 0;
  let taken = 0;
  for (let tick = 0; tick < seconds * 20; tick++) {
    const came = come(pace, offered / 20);
    taken += came;
    waiting += came;
    pace.measure(Math.min(1, waiting / (capacity / 20)), 50);
    waiting = Math.max(0, waiting - capacity / 20);
    if (tick >= 400) most = Math.max(most, waiting);
  }
  return { taken: taken / seconds, mostWaiting: most };
}

describe('the pace of new calls', () => {
  it('is that at which they come while the machine has rest', () => {
    const pace = new Pace();
    expect(load(pace, 300, 260, 10).taken).toBe(260);
    expect(pace.limited).toBe(false);
  });

  it('is not changed by a moment without rest', () => {
    const pace = new Pace();
    for (let tick = 0; tick < 100; tick++) {
      expect(come(pace, 5)).toBe(5);
      pace.measure(tick % 10 < 5 ? 1 : 0.5, 50);
    }
  });

  it('is not changed by one long halt, after which all that waited comes at once', () => {
    const pace = new Pace();
    for (let halt = 0; halt < 10; halt++) {
      pace.measure(1, 3000);
      expect(come(pace, 900)).toBe(900);
      pace.measure(1, 50);
      pace.measure(1, 50);
      pace.measure(0.5, 50);
    }
    expect(pace.limited).toBe(false);
  });

  it.each([2, 4, 10])('is near what the machine can do when %i times as many come, and few wait', (times) => {
    const { taken, mostWaiting } = load(new Pace(), 300, 300 * times, 40);
    expect(taken).toBeGreaterThan(300 * 0.7);
    expect(taken).toBeLessThanOrEqual(300 + 45);
    expect(mostWaiting).toBeLessThan(300 / 4);
  });

  it('has no limit any more when the storm is over', () => {
    const pace = new Pace();
    load(pace, 300, 1200, 10);
    expect(pace.limited).toBe(true);
    load(pace, 300, 20, 5);
    expect(pace.limited).toBe(false);
    expect(come(pace, 1000)).toBe(1000);
  });

  it('never comes to a standstill, however slow the machine is for other reasons', () => {
    const pace = new Pace();
    let taken = 0;
    for (let tick = 0; tick < 400; tick++) {
      taken += come(pace, 50);
      pace.measure(1, 50);
    }
    expect(pace.drowning).toBe(true);
    expect(taken).toBeGreaterThan(100);
  });
});
