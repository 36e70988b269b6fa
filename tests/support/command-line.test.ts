import { expect, it } from 'vitest';
import { read } from './command-line.ts';

const line = {
  ...{ command: 'npm run x', about: 'Does x.', numbers: { kills: [20, 'how often'] } as const },
  parts: { option: 'target', names: ['sip', 'sdp'] },
};

it('without options everything is done as often as by default', () => {
  expect(read(line, [])).toEqual({ numbers: { kills: 20 }, parts: ['sip', 'sdp'] });
});

it('with options only what they name is done, and as often as they say', () => {
  expect(read(line, ['--kills', '1000', '--target', 'sdp'])).toEqual({
    numbers: { kills: 1000 },
    parts: ['sdp'],
  });
});

it.each([
  [['--kills', 'many'], '--kills many is not a whole number.'],
  [['--kills', ''], '--kills  is not a whole number.'],
  [['--target', 'spi'], 'There is no target spi.'],
  [['--kill', '7'], "Unknown option '--kill'"],
])('%j is refused, for what tries nothing finds nothing wrong', (args, why) => {
  expect(() => read(line, args)).toThrow(why);
});

it('--help asks for nothing else', () => {
  expect(read(line, ['--help', '--kills', '3'])).toBeUndefined();
});
