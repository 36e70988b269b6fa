import { chapters } from './chapters.ts';
import type { Fault } from './fault.ts';

/** docs/reference/faults.md, of the very promises that the suite compares with what it sees. */
export function faultsReference(): string {
  const tables = chapters.map(({ title, env = {}, faults }) => {
    const settings = Object.entries(env).map(([name, value]) => `\`${name}=${value}\``);
    const head = `## ${title}\n${settings.length > 0 ? `\nWith ${settings.join(', ')}.\n` : ''}`;
    return `${head}\n${ROW('what goes wrong', 'the caller', 'the application is told', 'the operator sees')}\n|---|---|---|---|\n${faults.map(row).join('\n')}`;
  });
  return `${INTRODUCTION}\n\n${tables.join('\n\n')}\n`;
}

const ROW = (...cells: string[]): string => `| ${cells.join(' | ')} |`;

const row = ({ name, promised: { caller, application, operator } }: Fault): string =>
  ROW(name, caller, application, operator);

const INTRODUCTION = `# Faults

<!-- Made from tests/chaos: npm run docs -->

What goes wrong, and what comes of it. \`npm run test:chaos\` lets all of this happen to the whole program and compares.
The sound that a caller hears where an application fails is the apology, \`fault_message\`. Of the events, those that
every call has are left out.`;
