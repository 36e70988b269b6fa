/**
 * `npm run test:crash -- --kills 1000 --callers 6 --depth 6 --seed 1`: every story of a recording up to that depth
 * on the real recorder, then so many kills of the whole program under load.
 */
import { parseArgs } from 'node:util';
import { crash } from './crash.ts';
import { walkAll } from './walk.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    callers: { type: 'string', default: '6' },
    depth: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(process.pid) },
  },
});
const [kills, callers, depth, seed] = [values.kills, values.callers, values.depth, values.seed].map(Number);
const pad = (count: number, width: number) => String(count).padStart(width);
const write = (text: string) => process.stdout.write(`${text}\n`);

write(`seed ${seed}`);
const walked = await walkAll(depth!);
write(`${walked.stories} stories of a recording, ${walked.wrong.length} wrong`);
const { broken, kinds, ...figures } = await crash({ kills: kills!, callers: callers!, seed: seed! });
for (const [name, value] of Object.entries(figures)) write(`${name.padEnd(16)} ${Math.round(value)}`);
write(`${'broken'.padEnd(16)} ${broken.length}`);
write(`${''.padEnd(12)} calls cutOff recordings recovered`);
for (const [kind, tally] of Object.entries(kinds)) {
  const { calls, cutOff, recordings, recovered } = tally;
  write([kind.padEnd(12), pad(calls, 5), pad(cutOff, 6), pad(recordings, 10), pad(recovered, 9)].join(' '));
}
for (const what of [...walked.wrong, ...broken].slice(0, 50)) write(`  ${what}`);
process.exitCode = walked.wrong.length + broken.length > 0 ? 1 : 0;
