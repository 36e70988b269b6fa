/** `npm run fuzz`: gives every part that strangers can send to as many inputs as are asked for. */
import { asked } from '../support/command-line.ts';
import { keepRegression } from './regressions.ts';
import { fuzz, type Result } from './run.ts';
import { targets } from './targets/index.ts';

const { numbers, parts } = asked({
  command: 'npm run fuzz',
  about: `Gives every part that strangers can send to inputs that are made by its grammar, or are broken ones of its corpus.
Each must be taken, or refused as it is promised: no crash, no hang, no leak, nothing uncaught, nothing left open.

100,000 inputs take half a minute, 10,000,000 a quarter of an hour. Each target has a line as soon as it is done, and
ends at its first finding. What led to it is kept in tests/fuzz/regressions/, and is a test of \`npm test\` from then
on. The last line is the verdict; the exit code is 0 when nothing was found, and 1 otherwise.`,
  numbers: {
    inputs: [100_000, 'over all targets: cheap ones get more of them'],
    seconds: [3600, 'the most that each target may take'],
    seed: [process.pid, 'the same seed makes the same inputs', 'another one each time'],
  },
  parts: { option: 'target', names: targets.map(({ name }) => name) },
});

const chosen = targets.filter(({ name }) => parts.includes(name));
const shares = chosen.reduce((sum, { share }) => sum + share, 0);
const width = Math.max(...targets.map(({ name }) => name.length));
const write = (text: string) => process.stdout.write(`${text}\n`);

function row(first: string, ...rest: (string | number)[]): string {
  return [first.padEnd(width), ...rest.map((cell) => String(cell).padStart(10))].join(' ');
}

function rowOf(result: Result, seconds: number): string {
  const { target, inputs, taken, refused, findings, slowestMs, keptMb } = result;
  const figures = [slowestMs.toFixed(0), keptMb.toFixed(1), seconds.toFixed(0)];
  return row(target, inputs, taken, refused, findings.length, ...figures);
}

write(`seed ${numbers.seed}`);
write(row('target', 'inputs', 'taken', 'refused', 'findings', 'slowest-ms', 'kept-MB', 'seconds'));
let inputs = 0;
let findings = 0;
for (const target of chosen) {
  const share = Math.ceil((numbers.inputs * target.share) / shares);
  const began = performance.now();
  const result = await fuzz(target, { inputs: share, seconds: numbers.seconds, seed: numbers.seed });
  write(rowOf(result, (performance.now() - began) / 1000));
  inputs += result.inputs;
  findings += result.findings.length;
  for (const finding of result.findings) {
    write(`  ${finding.what}`);
    if (finding.inputs.length > 0) write(`  kept as ${keepRegression(target.name, finding.inputs)}`);
  }
}
write(`${inputs} inputs, ${findings} findings`);
process.exitCode = findings > 0 ? 1 : 0;
