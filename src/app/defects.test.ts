import { afterEach, expect, it } from 'vitest';
import { defectCounts, type Log, reportDefect, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { defectMetrics, logDefects } from './defects.ts';

let stop = () => {};
afterEach(() => {
  stop();
  defectCounts.clear();
});

function watch() {
  const lines: object[] = [];
  const clock = new VirtualClock();
  const log: Log = { ...silentLog, error: (fields) => lines.push(fields) };
  stop = logDefects(log, clock);
  return { lines, clock };
}

it('logs the origin and the error of a defect', () => {
  const { lines } = watch();
  reportDefect('sip.message', new Error('connect failed', { cause: new Error('ECONNREFUSED') }));
  expect(lines).toMatchObject([{ origin: 'sip.message', error: 'connect failed: ECONNREFUSED' }]);
});

it('logs one line per origin and second, with the number of omitted ones', async () => {
  const { lines, clock } = watch();
  for (let at = 0; at < 100; at++) reportDefect('sip.message', new Error('x'));
  reportDefect('timer', new Error('y'));
  expect(lines).toHaveLength(2);
  await clock.advance(1_000);
  reportDefect('sip.message', new Error('x'));
  expect(lines[2]).toMatchObject({ origin: 'sip.message', more: 99 });
  expect(defectMetrics.defects_total.values()).toEqual([
    ['sip.message', 101],
    ['timer', 1],
  ]);
});
