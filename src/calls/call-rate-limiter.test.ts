import { describe, expect, it } from 'vitest';
import { CallRateLimiter } from './call-rate-limiter.ts';

/** Offers calls. @returns how many are taken. */
function offer(limiter: CallRateLimiter, calls: number): number {
  let taken = 0;
  for (let call = 0; call < calls; call++) if (limiter.take()) taken++;
  return taken;
}

/** Offers calls to a machine with this capacity, both per second. */
function load(limiter: CallRateLimiter, capacity: number, offered: number, seconds: number) {
  let waiting = 0;
  let maxWaiting = 0;
  let taken = 0;
  for (let tick = 0; tick < seconds * 20; tick++) {
    const accepted = offer(limiter, offered / 20);
    taken += accepted;
    waiting += accepted;
    limiter.measure(Math.min(1, waiting / (capacity / 20)), 50);
    waiting = Math.max(0, waiting - capacity / 20);
    if (tick >= 400) maxWaiting = Math.max(maxWaiting, waiting);
  }
  return { taken: taken / seconds, maxWaiting };
}

describe('the limiter of new calls', () => {
  it('is unlimited while the machine has time', () => {
    const limiter = new CallRateLimiter();
    expect(load(limiter, 300, 260, 10).taken).toBe(260);
    expect(limiter.limited).toBe(false);
  });

  it('is not limited by short bursts', () => {
    const limiter = new CallRateLimiter();
    for (let tick = 0; tick < 100; tick++) {
      expect(offer(limiter, 5)).toBe(5);
      limiter.measure(tick % 10 < 5 ? 1 : 0.5, 50);
    }
  });

  it('is not limited by a long pause, after which all waiting calls arrive at once', () => {
    const limiter = new CallRateLimiter();
    for (let halt = 0; halt < 10; halt++) {
      limiter.measure(1, 3000);
      expect(offer(limiter, 900)).toBe(900);
      limiter.measure(1, 50);
      limiter.measure(1, 50);
      limiter.measure(0.5, 50);
    }
    expect(limiter.limited).toBe(false);
  });

  it.each([2, 4, 10])(
    'is close to the capacity when %i times as many calls are offered, and few wait',
    (times) => {
      const { taken, maxWaiting } = load(new CallRateLimiter(), 300, 300 * times, 40);
      expect(taken).toBeGreaterThan(300 * 0.7);
      expect(taken).toBeLessThanOrEqual(300 + 45);
      expect(maxWaiting).toBeLessThan(300 / 4);
    },
  );

  it('is unlimited again after the overload', () => {
    const limiter = new CallRateLimiter();
    load(limiter, 300, 1200, 10);
    expect(limiter.limited).toBe(true);
    load(limiter, 300, 20, 5);
    expect(limiter.limited).toBe(false);
    expect(offer(limiter, 1000)).toBe(1000);
  });

  it('never drops to zero, although the machine stays full for other reasons', () => {
    const limiter = new CallRateLimiter();
    let taken = 0;
    for (let tick = 0; tick < 400; tick++) {
      taken += offer(limiter, 50);
      limiter.measure(1, 50);
    }
    expect(limiter.isSaturated).toBe(true);
    expect(taken).toBeGreaterThan(100);
  });
});
