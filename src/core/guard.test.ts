import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Defect, defectCounts, defects, detach, guarded } from './guard.ts';

let seen: Defect[];
let stop: () => void;
beforeEach(() => {
  seen = [];
  stop = defects.on((defect) => seen.push(defect));
});
afterEach(() => {
  stop();
  defectCounts.clear();
});

const settle = () => new Promise((resolve) => setImmediate(resolve));
const broken = new Error('broken');

describe('guarded', () => {
  it('reports what the callback throws, with its origin, and lets nothing escape', () => {
    const entry = guarded('sip.datagram', () => {
      throw broken;
    });
    expect(() => entry()).not.toThrow();
    entry();
    expect(seen).toEqual([
      { origin: 'sip.datagram', error: broken },
      { origin: 'sip.datagram', error: broken },
    ]);
    expect(defectCounts.get('sip.datagram')).toBe(2);
  });

  it('reports what an asynchronous callback rejects with', async () => {
    guarded('timer', async () => {
      throw broken;
    })();
    await settle();
    expect(seen).toEqual([{ origin: 'timer', error: broken }]);
  });

  it('ends what the error belongs to, and survives when that fails as well', () => {
    const second = new Error('second');
    guarded(
      'call',
      () => {
        throw broken;
      },
      () => {
        throw second;
      },
    )();
    expect(seen.map(({ error }) => error)).toEqual([broken, second]);
  });

  it('passes the arguments on', () => {
    const got: unknown[] = [];
    guarded('x', (a: number, b: string) => got.push(a, b))(1, 'b');
    expect(got).toEqual([1, 'b']);
  });

  it('survives a reporter that throws', () => {
    const off = defects.on(() => {
      throw new Error('reporter');
    });
    expect(() =>
      guarded('x', () => {
        throw broken;
      })(),
    ).not.toThrow();
    off();
  });
});

describe('detach', () => {
  it('reports a rejection and gives it to its owner', async () => {
    const failed: unknown[] = [];
    detach('webhooks.refill', Promise.reject(broken), (error) => failed.push(error));
    await settle();
    expect(seen).toEqual([{ origin: 'webhooks.refill', error: broken }]);
    expect(failed).toEqual([broken]);
  });

  it('is silent about a promise that is kept', async () => {
    detach('x', Promise.resolve(1));
    await settle();
    expect(seen).toEqual([]);
  });
});
