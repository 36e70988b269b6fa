import type { z } from 'zod';
import { describe, detailsOf } from '../../contract/details.ts';
import { readJson } from '../../contract/json.ts';
import { Failure } from '../kit/index.ts';

/** Checks a body or a query. Fails with `invalid_request`: the first fault as its message, all as its details. */
export function checkInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const fields = 'shape' in schema ? Object.keys(schema.shape as object) : [];
  const details = detailsOf(parsed.error, { document: input, base: [], fields });
  throw new Failure('invalid_request', details[0]?.message ?? 'the request is not valid', { details });
}

/** Reads a body; an empty one stands for `{}`. Fails with `invalid_json`. */
export function readBody(text: string): unknown {
  if (text.trim() === '') return {};
  const json = readJson(text);
  if ('value' in json) return json.value;
  const { line, column, reason } = json.fault;
  throw new Failure('invalid_json', `line ${line}, column ${column}: ${reason}`, {
    details: [
      {
        pointer: '',
        code: 'invalid_json',
        message: `line ${line}, column ${column}: ${reason}`,
        expected: 'JSON',
        found: describe(text.slice(0, 60)),
      },
    ],
  });
}
