import { DETAIL_CODES, ERRORS, type ErrorEntry } from '../../contract/errors.ts';
import { cell, GENERATED, json } from './fields.ts';

const example = {
  error: {
    code: 'invalid_request',
    message: 'name is required',
    details: [
      {
        pointer: '/name',
        code: 'required',
        message: 'name is required',
        expected: 'a string',
        found: 'nothing',
      },
    ],
  },
};

/** The reference of all error codes, in Markdown. */
export function errorsReference(): string {
  const entries: [string, ErrorEntry][] = Object.entries(ERRORS);
  const rows = entries.map(
    ([code, { status, message }]) => `| \`${code}\` | ${status ?? ''} | ${cell(message)} |`,
  );
  const details = Object.entries(DETAIL_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return [
    '# Errors\n',
    GENERATED,
    'REST answers every error with a body of this form. Codes never change; messages are for people.\n',
    json(example),
    'Codes without a status appear only in calls, events, and timelines.\n',
    '| code | HTTP status | message |',
    '|---|---|---|',
    ...rows,
    '\n## Details\n',
    'Each entry of `details` is one fault; all faults are reported together. `pointer` is a JSON pointer (RFC 6901) to its place.\n',
    '| code | meaning |',
    '|---|---|',
    ...details,
    '',
  ].join('\n');
}
