import type { Chance } from './chance.ts';

/** What breaks parsers: ends of lines and of numbers, quotes, nothing, and much. */
const WORDS = [
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

type Change = (input: Buffer, chance: Chance, corpus: readonly Buffer[]) => Buffer;

const replace = (input: Buffer, from: number, to: number, by: Buffer) =>
  Buffer.concat([input.subarray(0, from), by, input.subarray(to)]);

const changes: readonly Change[] = [
  function flip(input, chance) {
    const copy = Buffer.from(input);
    if (copy.length > 0) copy[chance.int(copy.length)]! ^= 1 << chance.int(8);
    return copy;
  },
  function extreme(input, chance) {
    const copy = Buffer.from(input);
    if (copy.length > 0) copy[chance.int(copy.length)] = chance.pick(EXTREMES);
    return copy;
  },
  function insert(input, chance) {
    const at = chance.int(input.length + 1);
    return replace(input, at, at, chance.pick(WORDS));
  },
  function overwrite(input, chance) {
    const at = chance.int(input.length + 1);
    const word = chance.pick(WORDS);
    return replace(input, at, Math.min(input.length, at + word.length), word);
  },
  function cut(input, chance) {
    return input.subarray(0, chance.int(input.length + 1));
  },
  function remove(input, chance) {
    const at = chance.int(input.length + 1);
    return replace(input, at, Math.min(input.length, at + 1 + chance.int(20)), Buffer.alloc(0));
  },
  function repeat(input, chance) {
    const at = chance.int(input.length + 1);
    const piece = input.subarray(at, at + 1 + chance.int(60));
    return replace(input, at, at, Buffer.concat(Array.from({ length: 1 + chance.int(4) }, () => piece)));
  },
  /** One character so often that work in proportion to the square of a length takes seconds. */
  function fill(input, chance) {
    if (!chance.once(100)) return input;
    const at = chance.int(input.length + 1);
    return replace(input, at, at, Buffer.alloc(Math.max(0, LONGEST - input.length), chance.pick(FILLERS)));
  },
  function cross(input, chance, corpus) {
    const other = chance.pick(corpus);
    const head = input.subarray(0, chance.int(input.length + 1));
    return Buffer.concat([head, other.subarray(chance.int(other.length + 1))]);
  },
  function swapLines(input, chance) {
    const lines = input.toString('latin1').split('\n');
    const [a, b] = [chance.int(lines.length), chance.int(lines.length)];
    [lines[a], lines[b]] = [lines[b]!, lines[a]!];
    return Buffer.from(lines.join('\n'), 'latin1');
  },
];

/** No input is longer: what is longer is refused by its length alone, and tested as such. */
const LONGEST = 70_000;

/** One of the corpus, changed once or a few times. */
export function mutate(chance: Chance, corpus: readonly Buffer[]): Buffer {
  let input = chance.pick(corpus);
  do input = chance.pick(changes)(input, chance, corpus);
  while (!chance.once(3));
  return input.subarray(0, LONGEST);
}
