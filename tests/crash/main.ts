/** `npm run test:crash`: every interleaving of a recording's life, then kills of the server under load. */
import { runAllScenarios } from '../../src/recordings/testing/interleavings.ts';
import { asked } from '../support/command-line.ts';
import { crash } from './crash.ts';

const { kills, callers, depth, seed } = asked({
  command: 'npm run test:crash',
  about: `First, every order of start, stop, pause, resume, max_seconds, hangup by either side, write error and kill, up
to so many moves, is run on the real recorder with a stepped clock. Then the whole program is called, killed with -9
and started again, over and over, and everything that was promised is compared with what is left: calls, events,
recordings, money.

A kill takes some four seconds: 20 of them a minute and a half, 1000 of them an hour. The scenarios take ten seconds
up to depth 4, and four minutes up to depth 6. Progress goes to stderr. The last line is the verdict; the exit code is
0 when nothing is wrong and nothing broken, and 1 otherwise.`,
  numbers: {
    kills: [20, 'how often the program is killed'],
    callers: [6, 'calls at once'],
    depth: [4, 'moves of the longest scenarios'],
    seed: [process.pid, 'the same seed kills after the same times', 'another one each time'],
  },
}).numbers;
const pad = (count: number, width: number) => String(count).padStart(width);
const write = (text: string) => process.stdout.write(`${text}\n`);

write(`seed ${seed}`);
const scenarios = await runAllScenarios(depth, (count, faulty) => {
  if (count % 5000 === 0) process.stderr.write(`${count} scenarios, ${faulty} wrong so far\n`);
});
write(`${scenarios.count} scenarios of a recording, ${scenarios.faults.length} wrong`);
const { broken, kinds, ...counts } = await crash({ kills, callers, seed });
for (const [name, value] of Object.entries(counts)) write(`${name.padEnd(16)} ${Math.round(value)}`);
write(`${''.padEnd(12)} calls cutOff recordings recovered`);
for (const [kind, tally] of Object.entries(kinds)) {
  const { calls, cutOff, recordings, recovered } = tally;
  write([kind.padEnd(12), pad(calls, 5), pad(cutOff, 6), pad(recordings, 10), pad(recovered, 9)].join(' '));
}
const found = [...scenarios.faults, ...broken];
for (const what of found.slice(0, 50)) write(`  ${what}`);
if (found.length > 50) write(`  and ${found.length - 50} more`);
write(
  `${scenarios.count} scenarios, ${scenarios.faults.length} wrong; ${kills} kills, ${broken.length} promises broken`,
);
process.exitCode = found.length > 0 ? 1 : 0;
