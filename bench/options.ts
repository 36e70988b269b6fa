import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

/** An option of the benches. */
interface Option<T> {
  /** What stands for its value in the help; empty for a flag. */
  value: string;
  about: string;
  usual: string;
  read(text: string): T;
}

function option<T>(value: string, about: string, usual: string, read: (text: string) => T): Option<T> {
  return { value, about, usual, read };
}

const flag = (about: string) => option('', about, 'false', (text) => text === 'true');

function number(text: string): number {
  const value = Number(text);
  if (text !== '' && value >= 0) return value;
  throw new Error(`${JSON.stringify(text)} is not a number`);
}

function positive(text: string): number {
  if (Number(text) > 0) return number(text);
  throw new Error(`${JSON.stringify(text)} is not a number above 0`);
}

const rates = (text: string) => text.split(',').map(positive);
const counts = (text: string) => text.split(',').map(count);

function coreOf(text: string): number {
  const core = number(text);
  if (Number.isInteger(core) && core < cpus().length) return core;
  throw new Error(`there is no core ${text}: the last one is ${cpus().length - 1}`);
}

function processOf(text: string): number {
  if (text === '0' || existsSync(`/proc/${count(text)}`)) return Number(text);
  throw new Error(`there is no process ${text}`);
}

function serverOf(text: string): string {
  const port = Number(/^[^:]+:(\d+)$/.exec(text)?.[1]);
  if (text === '' || (port > 0 && port < 65_536)) return text;
  throw new Error(`${JSON.stringify(text)} is not HOST:PORT`);
}

function oneOf<const T extends string>(...allowed: T[]) {
  return (text: string): T => {
    const found = allowed.find((value) => value === text);
    if (found) return found;
    throw new Error(`${JSON.stringify(text)} is none of ${allowed.join(', ')}`);
  };
}

/** Every option of every bench. A bench states which of them it has, and its own defaults. */
const OPTIONS = {
  calls: option('N,N,…', 'calls at the same time; several numbers give several rows', '200', counts),
  rate: option('N,N,…', 'new calls per second', '50', rates),
  seconds: option('N', 'how long to measure', '10', positive),
  short: option('N', 'short calls, one after the other; 0: none', '0', number),
  cold: flag('measures the first calls of a new process, without a warm-up'),
  inband: flag('phones do not offer telephone-event, so that the server has to listen for tones'),
  sending: option(
    'spread|burst',
    'phones send at different moments of the 20 ms, or all at once',
    'spread',
    oneOf('spread', 'burst'),
  ),
  readers: option(
    'N',
    'threads of the phones; more of them are woken when a server sends bursts',
    '16',
    count,
  ),
  profile: option('FOLDER', 'the server writes CPU profiles into this folder', '', String),
  directory: option('FOLDER', 'measures this checkout of MiniVoice; default: this one', '', String),
  server: option('HOST:PORT', 'measures this SIP server instead of MiniVoice', '', serverOf),
  pid: option('N', 'process of --server, if it runs on this machine', '0', processOf),
  alternate: flag('measures MiniVoice and --server in turn, and prints the ratio'),
  phones: option('PORT', 'SIP port at which our phones can be called; 0: any', '0', number),
  keep: option('FILE', 'fills this database if it is missing, and keeps it for later runs', '', String),
  core: option('N', 'core of the server; the load runs on another one', '0', coreOf),
} satisfies Record<string, Option<unknown>>;

export type OptionName = keyof typeof OPTIONS;
export type Options = { [Name in OptionName]: ReturnType<(typeof OPTIONS)[Name]['read']> };
/** The options that a bench has. An empty text stands for the general default. */
export type OptionsOfBench = Partial<Record<OptionName, string>>;

/** Options of benches as they were given. */
export type Given = Partial<Record<OptionName, string>>;

/** An option of a whole command: text, or a flag. */
type General = { type: 'string'; default: string } | { type: 'boolean'; short?: string; default: boolean };

/**
 * Reads a command line: names, the options of the command itself, and options of benches.
 * @throws for an option that there is not.
 */
export function parseCommandLine<const G extends Record<string, General>>(args: string[], general: G) {
  const ofBenches = Object.entries(OPTIONS).map(([name, { value }]) => {
    return [name, { type: value === '' ? ('boolean' as const) : ('string' as const) }] as const;
  });
  const options = { ...Object.fromEntries(ofBenches), ...general };
  const { values, positionals: names } = parseArgs({ args, allowPositionals: true, options });
  const entries = Object.entries(values) as [string, string | boolean][];
  const given = entries.filter(([name]) => name in OPTIONS).map(([name, value]) => [name, String(value)]);
  const own = entries.filter(([name]) => name in general);
  return {
    names,
    given: Object.fromEntries(given) as Given,
    own: Object.fromEntries(own) as {
      [Name in keyof G]: G[Name]['default'] extends boolean ? boolean : string;
    },
  };
}

/** The number in an option of a command. @throws unless it is a whole number above 0. */
export function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${JSON.stringify(text)} is not a whole number above 0`);
}

/**
 * The options of one bench: what was given, or else its defaults.
 * @throws for a value that does not fit, with the name of the option.
 */
export function optionsFor(own: OptionsOfBench, given: Given): Options {
  const texts = (Object.keys(OPTIONS) as OptionName[]).map((name) => {
    const text = (name in own && given[name]) || own[name] || OPTIONS[name].usual;
    try {
      return [name, OPTIONS[name].read(text)];
    } catch (error) {
      throw new Error(`--${name}: ${(error as Error).message}`);
    }
  });
  return Object.fromEntries(texts);
}

/** Lines about the options of a bench. */
export function helpFor(own: OptionsOfBench): string {
  return (Object.keys(own) as OptionName[])
    .map((name) => {
      const { value, about, usual } = OPTIONS[name];
      const text = own[name] || usual;
      const shown = value === '' || text === '' || text === '0' ? '' : ` (default: ${text})`;
      return `  ${`--${name} ${value}`.padEnd(26)}${about}${shown}`;
    })
    .join('\n');
}
