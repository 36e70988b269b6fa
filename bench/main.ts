/** `npm run bench`: runs benches, and prints a table. */
import { cpus } from 'node:os';
import { benches } from './benches.ts';
import { comparison, inTurn } from './comparison.ts';
import { count, type Given, helpFor, optionsFor, parseCommandLine } from './options.ts';
import { isMet, Repeated, type Row, table } from './row.ts';

const HELP = `Measures the performance of MiniVoice on this machine, and prints a table.

  npm run bench                            all benches, about 25 minutes
  npm run bench -- calls setup --runs 5    some of them, five times: medians, and the range
  npm run bench -- calls --help            the options of one
  npm run bench:compare -- --help          compares two commits

${Object.entries(benches)
  .map(([name, { about }]) => `  ${name.padEnd(11)} ${about}`)
  .join('\n')}

The exit code is 1 if a row has MISSED its limit, and 2 if something failed.
Other work on the machine distorts the results. Compare only results of the same machine that were taken in turn.
The method, and how to measure another SIP server beside MiniVoice: docs/guides/benchmark.md
`;

const GENERAL = {
  help: { type: 'boolean', short: 'h', default: false },
  json: { type: 'boolean', default: false },
  runs: { type: 'string', default: '1' },
} as const;

function readCommandLine() {
  const { names, given, own } = parseCommandLine(process.argv.slice(2), GENERAL);
  const unknown = names.find((name) => !benches[name]);
  if (unknown) throw new Error(`there is no bench ${unknown}; npm run bench -- --help lists them`);
  const chosen = names.length > 0 ? names : Object.keys(benches);
  const has = (option: string) => chosen.some((name) => option in benches[name]!.options);
  const useless = Object.keys(given).find((option) => !has(option));
  if (useless) throw new Error(`${chosen.join(', ')}: there is no option --${useless}`);
  if (given.alternate && !given.server) throw new Error('--alternate needs --server');
  for (const name of chosen) optionsFor(benches[name]!.options, given);
  return { names, chosen, given, runs: count(own.runs), help: own.help, json: own.json };
}

function help(names: string[]): string {
  if (names.length === 0) return HELP;
  const runs = `  ${'--runs N'.padEnd(26)}repeats the bench; prints the median and the range (default: 1)`;
  const helpOf = (name: string) =>
    `${name}: ${benches[name]!.about}\n\n${helpFor(benches[name]!.options)}\n${runs}\n`;
  return names.map(helpOf).join('\n');
}

async function measure(names: string[], given: Given): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of names) {
    const { options, load } = benches[name]!;
    process.stderr.write(`running ${name}${given.server ? ` with ${given.server}` : ''} …\n`);
    const run = await load();
    rows.push(...(await run(optionsFor(options, given))));
  }
  return rows;
}

/** @returns whether every row keeps to its budget. */
async function run(): Promise<boolean> {
  const { names, chosen, given, runs, ...line } = readCommandLine();
  if (line.help) {
    process.stdout.write(help(names));
    return true;
  }
  if (given.alternate) {
    const { server = '', pid: _, ...ours } = given;
    const both = await inTurn(runs, [() => measure(chosen, given), () => measure(chosen, ours)]);
    console.log(comparison([server, 'MiniVoice'], both));
    return both.flat().every(isMet);
  }
  const repeated = new Repeated();
  for (let run = 0; run < runs; run++) repeated.add(await measure(chosen, given));
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`;
  console.log(line.json ? JSON.stringify(repeated.series) : `${machine}\n\n${table(repeated.series)}`);
  return repeated.series.every(isMet);
}

const code = await run().then(
  (isGood) => (isGood ? 0 : 1),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    return 2;
  },
);
process.exit(code);
