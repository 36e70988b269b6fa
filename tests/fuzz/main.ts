/**
 * Gives every part that strangers can send to as many inputs as are asked for:
 * `npm run fuzz -- --inputs 10000000 --seconds 600 --target sip --seed 1`. What is found is kept as a file, and
 * is a test from then on. `--seconds` bounds each target's time.
 */
import { parseArgs } from 'node:util';
import { keepRegression } from './regressions.ts';
import { fuzz, type Result } from './run.ts';
import { targets } from './targets/index.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '3600' },
    target: { type: 'string', multiple: true },
    seed: { type: 'string', default: String(process.pid) },
  },
});

const chosen = targets.filter(({ name }) => values.target?.includes(name) ?? true);
const shares = chosen.reduce((sum, { share }) => sum + share, 0);
const write = (text: string) => process.stdout.write(`${text}\n`);

function row(
  { target, inputs, taken, refused, findings, slowestMs, keptMb }: Result,
  seconds: number,
): string {
  const cells = [target, inputs, taken, refused, findings.length, slowestMs.toFixed(0), keptMb.toFixed(1)];
  return [...cells, seconds.toFixed(0)].map((cell) => String(cell).padStart(9)).join(' ');
}

write(`seed ${values.seed}`);
write(
  'target inputs taken refused findings slowest-ms kept-MB seconds'
    .split(' ')
    .map((word) => word.padStart(9))
    .join(' '),
);
let all = 0;
for (const target of chosen) {
  const inputs = Math.ceil((Number(values.inputs) * target.share) / shares);
  const began = performance.now();
  const result = await fuzz(target, { inputs, seconds: Number(values.seconds), seed: Number(values.seed) });
  write(row(result, (performance.now() - began) / 1000));
  all += result.inputs;
  for (const finding of result.findings) {
    write(`  ${finding.what}`);
    if (finding.inputs.length > 0) write(`  kept as ${keepRegression(target.name, finding.inputs)}`);
    process.exitCode = 1;
  }
}
write(`${all} inputs`);
