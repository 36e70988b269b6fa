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
  it('reports an error that the callback throws, with its origin, and does not rethrow it', () => {
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

  it('reports the rejection of an asynchronous callback', async () => {
    guarded('timer', async () => {
      throw broken;
    })();
    await settle();
    expect(seen).toEqual([{ origin: 'timer', error: broken }]);
  });

  it('calls `failed` and reports an error that `failed` throws', () => {
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

  it('passes the arguments to the callback', () => {
    const got: unknown[] = [];
    guarded('x', (a: number, b: string) => got.push(a, b))(1, 'b');
    expect(got).toEqual([1, 'b']);
  });

  it('ignores an error that a defect listener throws', () => {
    const off = defects.on(() => {
      throw new Error('listener');
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
  it('reports a rejection and passes it to `failed`', async () => {
    const failed: unknown[] = [];
    detach('webhooks.refill', Promise.reject(broken), (error) => failed.push(error));
    await settle();
    expect(seen).toEqual([{ origin: 'webhooks.refill', error: broken }]);
    expect(failed).toEqual([broken]);
  });

  it('reports nothing for a promise that resolves', async () => {
    detach('x', Promise.resolve(1));
    await settle();
    expect(seen).toEqual([]);
  });
});
