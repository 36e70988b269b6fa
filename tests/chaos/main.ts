/** `npm run test:chaos`: lets everything go wrong, and tells what came of it. */
import { asked } from '../support/command-line.ts';
import { chapters, happen, type Outcome } from './chapters.ts';
import type { Chapter } from './fault.ts';

const { numbers, parts } = asked({
  command: 'npm run test:chaos',
  about: `Lets every fault of docs/reference/faults.md happen to the whole program, and compares what the caller, the application
and the operator notice with what is promised there.

Once takes three minutes. Chapters of disks need to be root, to mount them, and are skipped otherwise. Each fault has
a line as soon as it is over. The last line is the verdict; the exit code is 0 when all was as promised, and 1
otherwise.`,
  numbers: { times: [1, 'how often everything goes wrong'] },
  parts: { option: 'chapter', names: chapters.map(({ title }) => title) },
});

const write = (text: string) => process.stdout.write(`${text}\n`);
const counts = { tried: 0, wrong: 0, skipped: 0 };

function tell({ fault: { name, promised }, seen }: Outcome): void {
  counts.tried++;
  const asPromised = JSON.stringify(seen) === JSON.stringify(promised);
  write(`${asPromised ? 'as promised' : 'WRONG      '}  ${name}`);
  if (asPromised) return;
  counts.wrong++;
  write(`  promised ${JSON.stringify(promised)}\n  seen     ${JSON.stringify(seen)}`);
}

/** What breaks off a chapter is wrong, and the others go on. */
async function go(chapter: Chapter): Promise<void> {
  write(`${chapter.title}:`);
  const impossible = chapter.impossible?.();
  if (impossible) {
    counts.skipped += chapter.faults.length;
    write(impossible);
    return;
  }
  try {
    await happen(chapter, tell);
  } catch (error) {
    counts.wrong++;
    write(`WRONG        the chapter broke off\n  ${(error as Error).stack}`);
  }
}

for (let time = 0; time < numbers.times; time++)
  for (const chapter of chapters) if (parts.includes(chapter.title)) await go(chapter);
write(`${counts.tried} faults, ${counts.wrong} wrong, ${counts.skipped} skipped`);
process.exitCode = counts.wrong > 0 ? 1 : 0;
