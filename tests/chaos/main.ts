/** `npm run test:chaos -- --times 10`: lets everything go wrong, so many times, and tells what came of it. */
import { parseArgs } from 'node:util';
import { chapters, happen } from './chapters.ts';

const { values } = parseArgs({ options: { times: { type: 'string', default: '1' } } });
const write = (text: string) => process.stdout.write(`${text}\n`);
let tried = 0;
let wrong = 0;
for (let time = 0; time < Number(values.times); time++) {
  for (const chapter of chapters) {
    const impossible = chapter.impossible?.();
    if (impossible) write(`${chapter.title}: ${impossible}`);
    for (const { fault, seen } of impossible ? [] : await happen(chapter)) {
      tried++;
      const asPromised = JSON.stringify(seen) === JSON.stringify(fault.promised);
      if (!asPromised) wrong++;
      write(`${asPromised ? 'as promised' : 'WRONG      '}  ${fault.name}`);
      if (!asPromised)
        write(`  promised ${JSON.stringify(fault.promised)}\n  seen     ${JSON.stringify(seen)}`);
    }
  }
}
write(`${tried} faults, ${wrong} wrong`);
process.exitCode = wrong > 0 ? 1 : 0;
