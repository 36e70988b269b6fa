import type { z } from 'zod';
import { describe, detailsOf } from '../../contract/details.ts';
import { readJson } from '../../contract/json.ts';
import { Failure } from '../core/index.ts';

/** Checks a body or a query. Fails with `invalid_request`: the first fault as its message, all as its details. */
export function checkInput<S extends z.ZodType>(
  schema: S,
  input: unknown,
  noun: 'field' | 'query parameter' = 'field',
): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const fieldsAt = (path: readonly PropertyKey[]) => fieldsOf(schema, path);
  const details = detailsOf(parsed.error, { document: input, base: [], fieldsAt, noun });
  throw new Failure('invalid_request', details[0]?.message ?? 'the request is not valid', { details });
}

/** The fields of the object that a schema has at a path; none where it has no object there. */
function fieldsOf(schema: unknown, path: readonly PropertyKey[]): string[] {
  const { shape, element, def } = schema as {
    shape?: Record<PropertyKey, unknown>;
    element?: unknown;
    def?: { innerType?: unknown };
  };
  if (def?.innerType) return fieldsOf(def.innerType, path);
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(shape ?? {});
  if (typeof first === 'number') return element ? fieldsOf(element, rest) : [];
  return shape && Object.hasOwn(shape, first) ? fieldsOf(shape[first], rest) : [];
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
