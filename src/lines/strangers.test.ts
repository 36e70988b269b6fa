import { beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../kit/index.ts';
import { Strangers } from './strangers.ts';

let clock: VirtualClock;
let strangers: Strangers;

beforeEach(() => {
  clock = new VirtualClock();
  strangers = new Strangers(clock);
});

const knock = (times: number, address = '192.0.2.1') => {
  const last = Array.from({ length: times }, () => strangers.refused(address));
  return last.at(-1);
};

test('who is refused ten times within minutes is not answered for ten minutes, and it is told once', async () => {
  expect(knock(9)).toBe(false);
  expect(strangers.isSilenced('192.0.2.1')).toBe(false);
  await clock.advance(50_000);
  expect(knock(1)).toBe(true);
  expect(strangers.isSilenced('192.0.2.1')).toBe(true);
  expect(strangers.isSilenced('192.0.2.2')).toBe(false);
  await clock.advance(600_000);
  expect(strangers.isSilenced('192.0.2.1')).toBe(false);
});

test('who errs now and then is forgiven', async () => {
  for (let each = 0; each < 30; each++) {
    knock(1);
    await clock.advance(61_000);
  }
  expect(strangers.isSilenced('192.0.2.1')).toBe(false);
});

test('more addresses than memory is given to push out the oldest', () => {
  knock(10, 'first');
  for (let each = 0; each < 10_000; each++) knock(1, `address ${each}`);
  expect(strangers.isSilenced('first')).toBe(false);
});
