import type { RandomChoice } from './random-choice.ts';

/** Byte sequences that break parsers: line ends, number limits, delimiters, NUL, long runs. */
const TOKENS = [
  '\r\n',
  '\n',
  '\0',
  '"',
  '\\',
  '<',
  '>',
  ';',
  ',',
  ':',
  '@',
  '%00',
  '%',
  '-1',
  '0',
  '4294967296',
  '99999999999999999999',
  '1e999',
  '__proto__',
  '\u00e9',
  '\ud83d\ude00',
  ' '.repeat(40),
  'A'.repeat(300),
].map((word) => Buffer.from(word));

const FILLERS = [...' \t\r\n"\\<>;,:=@%&/.-1a'];
const EXTREMES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

type Change = (input: Buffer, random: RandomChoice, corpus: readonly Buffer[]) => Buffer;

const replace = (input: Buffer, from: number, to: number, by: Buffer) =>
  Buffer.concat([input.subarray(0, from), by, input.subarray(to)]);

const changes: readonly Change[] = [
  function flip(input, random) {
    const copy = Buffer.from(input);
    if (copy.length > 0) copy[random.int(copy.length)]! ^= 1 << random.int(8);
    return copy;
  },
  function extreme(input, random) {
    const copy = Buffer.from(input);
    if (copy.length > 0) copy[random.int(copy.length)] = random.pick(EXTREMES);
    return copy;
  },
  function insert(input, random) {
    const at = random.int(input.length + 1);
    return replace(input, at, at, random.pick(TOKENS));
  },
  function overwrite(input, random) {
    const at = random.int(input.length + 1);
    const word = random.pick(TOKENS);
    return replace(input, at, Math.min(input.length, at + word.length), word);
  },
  function cut(input, random) {
    return input.subarray(0, random.int(input.length + 1));
  },
  function remove(input, random) {
    const at = random.int(input.length + 1);
    return replace(input, at, Math.min(input.length, at + 1 + random.int(20)), Buffer.alloc(0));
  },
  function repeat(input, random) {
    const at = random.int(input.length + 1);
    const piece = input.subarray(at, at + 1 + random.int(60));
    return replace(input, at, at, Buffer.concat(Array.from({ length: 1 + random.int(4) }, () => piece)));
  },
  /** Repeats one character up to the length limit, so that quadratic work takes seconds. */
  function fill(input, random) {
    if (!random.once(100)) return input;
    const at = random.int(input.length + 1);
    return replace(input, at, at, Buffer.alloc(Math.max(0, MAX_LENGTH - input.length), random.pick(FILLERS)));
  },
  function cross(input, random, corpus) {
    const other = random.pick(corpus);
    const head = input.subarray(0, random.int(input.length + 1));
    return Buffer.concat([head, other.subarray(random.int(other.length + 1))]);
  },
  function swapLines(input, random) {
    const lines = input.toString('latin1').split('\n');
    const [a, b] = [random.int(lines.length), random.int(lines.length)];
    [lines[a], lines[b]] = [lines[b]!, lines[a]!];
    return Buffer.from(lines.join('\n'), 'latin1');
  },
];

/** Longest input; longer ones are refused by their length, which other tests cover. */
const MAX_LENGTH = 70_000;

/** Mutates a corpus entry once or several times. */
export function mutate(random: RandomChoice, corpus: readonly Buffer[]): Buffer {
  let input = random.pick(corpus);
  do input = random.pick(changes)(input, random, corpus);
  while (!random.once(3));
  return input.subarray(0, MAX_LENGTH);
}
