import { expect, it } from 'vitest';
import { KeyPresses, type KeySource } from './digits-in.ts';

function presses() {
  const reported: string[] = [];
  const keys = new KeyPresses({
    pressed: ({ digit }) => reported.push(digit),
    held: (down) => reported.push(down ? 'down' : 'up'),
  });
  const wait = (ms: number) => {
    for (let at = 0; at < ms; at += 20) keys.beat();
  };
  const press = (source: KeySource, digits: string, ms = 100) => {
    for (const digit of digits) {
      if (source !== 'info') keys.down(source, digit);
      if (source !== 'info') wait(ms);
      keys.up(source, { digit, durationMs: ms });
    }
  };
  const digits = () => reported.filter((each) => each.length === 1).join('');
  return { keys, reported, wait, press, digits };
}

it('counts a press once that arrives as events and by INFO, whichever is first', () => {
  const { press, wait, digits } = presses();
  for (const sources of [
    ['events', 'info'],
    ['info', 'events'],
    ['tones', 'info'],
  ] as KeySource[][]) {
    for (const source of sources) press(source, '5');
    wait(500);
  }
  expect(digits()).toBe('555');
});

it('counts a press once that arrives from all three sources', () => {
  const { press, digits } = presses();
  for (const source of ['events', 'tones', 'info'] as const) press(source, '8');
  expect(digits()).toBe('8');
});

it('counts the same key as often as it is pressed', () => {
  const { press, digits } = presses();
  press('events', '77');
  press('info', '7');
  press('events', '7');
  press('info', '77');
  expect(digits()).toBe('777');
});

it('counts keys in their order where one source is ahead of the other', () => {
  const { press, wait, digits } = presses();
  press('events', '1234');
  wait(600);
  press('info', '1234');
  expect(digits()).toBe('1234');
});

it('counts a press that arrives only by INFO', () => {
  const { press, digits } = presses();
  press('events', '1');
  press('info', '12');
  press('events', '3');
  press('info', '3');
  expect(digits()).toBe('123');
});

it('counts a long press once when INFO arrives at its beginning', () => {
  const { keys, wait, digits } = presses();
  keys.down('events', '4');
  keys.up('info', { digit: '4', durationMs: 160 });
  wait(9000);
  keys.up('events', { digit: '4', durationMs: 9000 });
  expect(digits()).toBe('4');
});

it('counts presses that are far apart, whatever their source', () => {
  const { press, wait, digits } = presses();
  press('events', '6');
  wait(2200);
  press('info', '6');
  expect(digits()).toBe('66');
});

it('reports when a key is down, and its digit before it is up', () => {
  const { keys, reported, press } = presses();
  press('events', '1');
  press('info', '2');
  keys.down('tones', '3');
  keys.release('tones');
  expect(reported).toEqual(['down', '1', 'up', '2', 'down', 'up']);
});

it('does not report a key as down when another source has reported its press', () => {
  const { keys, reported } = presses();
  const digit = { digit: '1', durationMs: 100 };
  keys.up('info', digit);
  keys.down('events', '1');
  keys.up('events', digit);
  expect(reported).toEqual(['1']);
  keys.down('events', '1');
  keys.up('info', digit);
  expect(reported).toEqual(['1', 'down', '1', 'up']);
  keys.up('events', digit);
  expect(reported).toEqual(['1', 'down', '1', 'up']);
  keys.down('events', '2');
  keys.up('info', digit);
  keys.up('events', { digit: '2', durationMs: 100 });
  expect(reported.slice(4)).toEqual(['down', '1', '2', 'up']);
});
