import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** What a suite that is run by hand can be asked for. */
export interface CommandLine<Name extends string> {
  /** How it is run, such as `npm run fuzz`. */
  command: string;
  /** What it does, how long that takes, and what it says in the end. */
  about: string;
  /** Whole numbers, each with its default, its meaning, and what the default is called if not by its value. */
  numbers: Record<Name, Option>;
  /** Parts, of which any may be named: all, where none is. */
  parts?: { option: string; names: readonly string[] };
}

type Option = readonly [standard: number, meaning: string, called?: string];

export interface Asked<Name extends string> {
  numbers: Record<Name, number>;
  parts: readonly string[];
}

/** Reads the command line. `--help` is answered with exit code 0, what makes no sense with 2. */
export function asked<Name extends string>(line: CommandLine<Name>): Asked<Name> {
  try {
    return read(line) ?? leave(0, helpOf(line));
  } catch (error) {
    return leave(2, `${(error as Error).message}\n\n${helpOf(line)}`);
  }
}

/** @returns undefined where help is asked for. */
export function read<Name extends string>(
  { numbers, parts }: CommandLine<Name>,
  args: readonly string[] = process.argv.slice(2),
): Asked<Name> | undefined {
  const options: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } };
  for (const name of Object.keys(numbers)) options[name] = { type: 'string' };
  const { option = 'part', names = [] } = parts ?? {};
  if (parts) options[option] = { type: 'string', multiple: true };
  const { values } = parseArgs({ args: [...args], options });
  if (values['help']) return undefined;
  const given = Object.entries<Option>(numbers).map(([name, [standard]]) => [
    name,
    wholeNumber(name, values[name] ?? standard),
  ]);
  const chosen = (values[option] as string[] | undefined) ?? names;
  const unknown = chosen.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`There is no ${option} ${unknown.join(', ')}.`);
  return { numbers: Object.fromEntries(given), parts: chosen };
}

/** A suite that tries nothing finds nothing wrong: whoever mistypes a number must be told. */
function wholeNumber(name: string, value: unknown): number {
  if (!/^\d{1,15}$/.test(String(value))) throw new Error(`--${name} ${value} is not a whole number.`);
  return Number(value);
}

function helpOf<Name extends string>({ command, about, numbers, parts }: CommandLine<Name>): string {
  const rows = Object.entries<Option>(numbers).map(([name, [standard, meaning, called]]) => [
    `--${name} N`,
    `${meaning}; by default ${called ?? standard}`,
  ]);
  if (parts) rows.push([`--${parts.option} NAME`, `only this one, or these: ${parts.names.join(', ')}`]);
  rows.push(['--help', 'prints this']);
  const options = rows.map(([name, meaning]) => `  ${name!.padEnd(16)} ${meaning}`);
  return `${command} [-- OPTION …]\n\n${about}\n\n${options.join('\n')}\n`;
}

function leave(code: number, text: string): never {
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exit(code);
}
