import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** The command line of a suite that is run by hand. */
export interface CommandLine<Name extends string> {
  /** Its command, such as `npm run fuzz`. */
  command: string;
  /** What it does, how long that takes, and its output. */
  about: string;
  /** Integer options: default, meaning, and a name for the default if it is not its value. */
  numbers: Record<Name, Option>;
  /** Parts that can be selected; default: all. */
  parts?: { option: string; names: readonly string[] };
}

type Option = readonly [standard: number, meaning: string, called?: string];

export interface Asked<Name extends string> {
  numbers: Record<Name, number>;
  parts: readonly string[];
}

/** Reads the command line. Exits with 0 for `--help` and with 2 for invalid options. */
export function asked<Name extends string>(line: CommandLine<Name>): Asked<Name> {
  try {
    return read(line) ?? leave(0, helpOf(line));
  } catch (error) {
    return leave(2, `${(error as Error).message}\n\n${helpOf(line)}`);
  }
}

/** @returns undefined for `--help` */
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

/** A suite with a mistyped number would test nothing and succeed, so invalid numbers are rejected. */
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
