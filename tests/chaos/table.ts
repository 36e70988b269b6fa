import { chapters } from './chapters.ts';
import type { Fault } from './fault.ts';

/** docs/reference/faults.md, of the very promises that the suite compares with what it sees. */
export function faultsReference(): string {
  const tables = chapters.map(({ title, env = {}, note, faults }) => {
    const settings = Object.entries(env).map(([name, value]) => `\`${name}=${value}\``);
    const before = settings.length > 0 ? `With ${settings.join(', ')}.` : note;
    return [`## ${title}\n`, ...(before ? [`${before}\n`] : []), HEAD, ...faults.map(row)].join('\n');
  });
  return `${INTRODUCTION}\n\n${tables.join('\n\n')}\n`;
}

const ROW = (...cells: string[]): string => `| ${cells.join(' | ')} |`;

const HEAD = `${ROW('what goes wrong', 'who is on the phone', 'the application is told', 'the operator sees')}
|---|---|---|---|`;

const row = ({ name, promised: { caller, application, operator } }: Fault): string =>
  ROW(name, caller, application, operator);

const INTRODUCTION = `# Faults

<!-- Made from tests/chaos: npm run docs -->

What goes wrong, and what comes of it. \`npm run test:chaos\` lets all of this happen to the whole program, and compares.

- **Who is on the phone**: what becomes of the caller, or of who is called. The apology is the application's
  \`fault_message\`, spoken.
- **The application is told**: the events, but for \`call.created\` and \`call.answered\`, with the code of their error or
  who ended it.
- **The operator sees**: warnings of the log, with their reason; figures of \`/metrics\`; what is in the recording.
  "nothing" is no warning.`;
