import { afterEach, expect, it } from 'vitest';
import { defectCounts, type Log, reportDefect, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { defectFigures, logDefects } from './defects.ts';

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

it('says where a defect came from and what it was', () => {
  const { lines } = watch();
  reportDefect('sip.message', new Error('connect failed', { cause: new Error('ECONNREFUSED') }));
  expect(lines).toMatchObject([{ origin: 'sip.message', error: 'connect failed: ECONNREFUSED' }]);
});

it('writes one line per origin and second, and says how many it left out', async () => {
  const { lines, clock } = watch();
  for (let at = 0; at < 100; at++) reportDefect('sip.message', new Error('x'));
  reportDefect('timer', new Error('y'));
  expect(lines).toHaveLength(2);
  await clock.advance(1_000);
  reportDefect('sip.message', new Error('x'));
  expect(lines[2]).toMatchObject({ origin: 'sip.message', more: 99 });
  expect(defectFigures.defects_total.values()).toEqual([
    ['sip.message', 101],
    ['timer', 1],
  ]);
});
