import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLog, prettyLine } from './log.ts';

it('drops and counts lines while the reader of the log is blocked', () => {
  let waiting: string[] = [];
  const output = {
    get writableLength() {
      return waiting.join('').length;
    },
    write: (text: string) => waiting.push(text),
  };
  const log = createLog('info', { output });
  for (let line = 0; line < 60; line++) log.info({ sound: 'x'.repeat(100_000) }, 'a long line');
  expect(output.writableLength).toBeLessThan(4 * 1024 * 1024);
  const kept = waiting.length;
  waiting = [];
  log.info({}, 'the reader continues');
  const [lost, last] = waiting.map((line) => JSON.parse(line));
  expect(lost).toEqual({ level: 'warn', lines: 60 - kept, msg: 'log lines were lost' });
  expect(last.msg).toBe('the reader continues');
});

describe('the pretty format', () => {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(stripVTControlCharacters(line));

  it('writes time, level, message and fields on one line', () => {
    const log = createLog('info', { format: 'pretty', output: { writableLength: 0, write } });
    log.child({ call_id: 'call_1' }).warn({ status: 403, error: 'no such number' }, 'INVITE refused');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}INVITE refused {2}/);
    expect(lines[0]).toMatch(/ {2}call_id=call_1 {2}status=403 {2}error="no such number"\n$/);
  });

  it.each([
    [{ level: 'info', msg: 'ready' }, 'INFO  ready'],
    [{ level: 'error', msg: 'failed', stack: 'at a\nat b' }, 'ERROR failed  stack="at a\\nat b"'],
    [{ level: 'debug', msg: 'sent', to: { port: 5060 } }, 'DEBUG sent  to={"port":5060}'],
  ])('shows %j', (fields, text) => {
    expect(stripVTControlCharacters(prettyLine(JSON.stringify(fields)))).toBe(`${text}\n`);
  });

  it('prints the time of the line', () => {
    const line = prettyLine('{"level":"info","time":"2026-05-29T12:02:12.345Z","msg":"ready"}');
    expect(stripVTControlCharacters(line)).toBe('12:02:12.345 INFO  ready\n');
  });
});
