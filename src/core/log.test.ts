import { expect, it } from 'vitest';
import { createLog, patiently } from './log.ts';

it('does not wait for a reader who stands still, keeps a bounded part for him, and tells him what he has missed', () => {
  let waiting: string[] = [];
  const outlet = {
    get writableLength() {
      return waiting.join('').length;
    },
    write: (text: string) => waiting.push(text),
  };
  const log = createLog('info', patiently(outlet));
  for (let line = 0; line < 60; line++) log.info({ sound: 'x'.repeat(100_000) }, 'much to say');
  expect(outlet.writableLength).toBeLessThan(4 * 1024 * 1024);
  const kept = waiting.length;
  waiting = [];
  log.info({}, 'he reads again');
  const [lost, last] = waiting.map((line) => JSON.parse(line));
  expect(lost).toEqual({ level: 'warn', lines: 60 - kept, msg: 'lines of the log were lost' });
  expect(last.msg).toBe('he reads again');
});
