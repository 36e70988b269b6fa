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

const HEAD = `${ROW('fault', 'the caller or callee', 'the application receives', 'the operator sees')}
|---|---|---|---|`;

const row = ({ name, promised: { caller, application, operator } }: Fault): string =>
  ROW(name, caller, application, operator);

const INTRODUCTION = `# Faults

<!-- Generated from tests/chaos by npm run docs -->

What can go wrong, and what everyone notices. \`npm run test:chaos\` causes each fault in the running program and compares the
result with this table.

- **The caller or callee**: the party at the other end. The error prompt is the application's \`fault_message\`, spoken.
- **The application receives**: the events, except \`call.created\` and \`call.answered\`, with the error code or with who
  ended it.
- **The operator sees**: log warnings with their reason, metrics, and the recording. "nothing" means no warning.`;
