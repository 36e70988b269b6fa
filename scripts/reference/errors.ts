import { DETAIL_CODES, ERRORS, type ErrorEntry } from '../../contract/errors.ts';
import { cell, GENERATED, json } from './markdown.ts';

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

/** The reference of the error codes, in Markdown. */
export function errorsReference(): string {
  const entries: [string, ErrorEntry][] = Object.entries(ERRORS);
  const rows = entries.map(
    ([code, { status, message }]) => `| \`${code}\` | ${status ?? ''} | ${cell(message)} |`,
  );
  const details = Object.entries(DETAIL_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return [
    '# Errors\n',
    GENERATED,
    'Every error response of the REST API has a body of this form. Codes never change; messages are for people and can change.\n',
    json(example),
    'Codes without a status occur only in calls, events, and timelines.\n',
    '| code | HTTP status | message |',
    '|---|---|---|',
    ...rows,
    '\n## Details\n',
    '`details` has all errors in a body or a document. `pointer` is the JSON pointer (RFC 6901) to the invalid value.\n',
    '| code | description |',
    '|---|---|',
    ...details,
    '',
  ].join('\n');
}
