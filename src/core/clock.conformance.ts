import { describe, expect, it, onTestFinished } from 'vitest';
import type { Clock } from './clock.ts';
import { type Defect, defects } from './guard.ts';

/**
 * Tests that every `Clock` passes.
 * @param open returns a clock and `run`, which lets at least `ms` milliseconds of its time pass.
 */
export function clockConformance(open: () => { clock: Clock; run(ms: number): Promise<void> }): void {
  it('fires each timer once, in order of due time', async () => {
    const { clock, run } = open();
    const fired: number[] = [];
    clock.after(4, () => fired.push(4));
    clock.after(1, () => fired.push(1));
    await run(10);
    expect(fired).toEqual([1, 4]);
  });

  it.each([0, -1, -1e12])(
    'fires a timer of %s ms as soon as possible, but not during the call',
    async (ms) => {
      const { clock, run } = open();
      let fired = false;
      clock.after(ms, () => {
        fired = true;
      });
      expect(fired).toBe(false);
      await run(5);
      expect(fired).toBe(true);
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'throws a RangeError for a delay of %s ms',
    (ms) => {
      expect(() => open().clock.after(ms, () => {})).toThrow(RangeError);
    },
  );

  it.each([2 ** 31 - 1, 2 ** 31, 4_294_967_295_000, Number.MAX_SAFE_INTEGER])(
    'does not fire a timer of %s ms early, and cancels it',
    async (ms) => {
      const { clock, run } = open();
      let fired = false;
      const timer = clock.after(ms, () => {
        fired = true;
      });
      await run(10);
      expect(fired).toBe(false);
      timer.cancel();
      timer.cancel();
    },
  );

  it('does not fire a canceled timer', async () => {
    const { clock, run } = open();
    let fired = false;
    clock
      .after(1, () => {
        fired = true;
      })
      .cancel();
    await run(5);
    expect(fired).toBe(false);
  });

  describe('a timer that throws', () => {
    it('is reported as a defect, and other timers fire', async () => {
      const seen: Defect[] = [];
      onTestFinished(defects.on((defect) => seen.push(defect)));
      const { clock, run } = open();
      let fired = false;
      clock.after(1, () => {
        throw new Error('timer');
      });
      clock.after(1, async () => {
        throw new Error('async timer');
      });
      clock.after(2, () => {
        fired = true;
      });
      await run(10);
      expect(fired).toBe(true);
      expect(seen.map(({ origin }) => origin)).toEqual(['timer', 'timer']);
    });
  });
}
