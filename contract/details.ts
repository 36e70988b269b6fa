import type { z } from 'zod';
import type { Detail, DetailCode } from './errors.ts';
import { nearest, snakeCase } from './nearest.ts';
import { pointer, valueAt } from './pointer.ts';

type Issue = z.core.$ZodIssue;

export interface DetailContext {
  /** The whole document, as it came. */
  document: unknown;
  /** Where in the document the checked value stands. */
  base: readonly PropertyKey[];
  /** The fields that the object at a path may have, to suggest one for a name that is not among them. */
  fieldsAt(path: readonly PropertyKey[]): readonly string[];
  /** What other platforms call the fields of the checked value: the name here, or a sentence. */
  elsewhere?: Record<string, string>;
  /** What messages call a member of the value. Default: `field`. */
  noun?: string;
}

/** More faults than these are told to nobody: a body of 1 MiB must not become an answer, and an event, of 20. */
export const MAX_DETAILS = 200;

/** Turns what zod found into details that name the place in the original document, the first `MAX_DETAILS` of them. */
export function detailsOf(error: z.core.$ZodError, context: DetailContext): Detail[] {
  const issues = error.issues.slice(0, MAX_DETAILS);
  const details = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [detailOf(issue, context)];
    return issue.keys.slice(0, MAX_DETAILS).map((key) => unknownField(key, issue, context));
  });
  return details.slice(0, MAX_DETAILS);
}

function unknownField(key: string, issue: Issue, context: DetailContext): Detail {
  const { document, base, noun = 'field' } = context;
  const path = [...base, ...issue.path, key];
  const known = context.fieldsAt(issue.path);
  const other =
    issue.path.length === 0 ? valueAt(context.elsewhere, [snakeCase(key.slice(0, 40))]) : undefined;
  const isName = typeof other === 'string' && known.includes(other);
  const meant = isName ? other : nearest(key, known);
  const advice = meant ? `; did you mean "${meant}"?` : other ? `: ${other}` : '';
  return {
    pointer: pointer(path),
    code: 'unknown_field',
    message: `there is no ${noun} ${quote(key)} here${advice}`,
    ...(known.length > 0 ? { expected: `one of ${known.join(', ')}` } : {}),
    found: describe(valueAt(document, path)),
  };
}

function detailOf(issue: Issue, { document, base }: DetailContext): Detail {
  const path = [...base, ...issue.path];
  const value = valueAt(document, path);
  const name = String(path.at(-1) ?? 'the value');
  const { code, expected } = fault(issue, value);
  const message =
    issue.code === 'custom' && code === 'conflict'
      ? issue.message
      : code === 'required'
        ? `${name} is required`
        : `${name} must be ${expected}`;
  return { pointer: pointer(path), code, message, expected, found: describe(value) };
}

interface Fault {
  code: DetailCode;
  expected: string;
}

function fault(issue: Issue, value: unknown): Fault {
  switch (issue.code) {
    case 'invalid_type':
      return {
        code: value === undefined ? 'required' : 'invalid_type',
        expected: TYPES[issue.expected] ?? issue.expected,
      };
    case 'invalid_value':
      return {
        code: value === undefined ? 'required' : 'invalid_value',
        expected:
          issue.values.length === 1 ? quote(issue.values[0]) : `one of ${issue.values.map(quote).join(', ')}`,
      };
    case 'too_small':
      return {
        code: issue.origin === 'number' ? 'out_of_range' : 'too_short',
        expected: bound('at least', issue.minimum, issue.origin),
      };
    case 'too_big':
      return {
        code: issue.origin === 'number' ? 'out_of_range' : 'too_long',
        expected: bound('at most', issue.maximum, issue.origin),
      };
    case 'custom':
      return {
        code: issue.params?.['code'] ?? 'invalid_value',
        expected: issue.params?.['expected'] ?? issue.message,
      };
    case 'invalid_key':
      return issue.issues[0]
        ? fault(issue.issues[0], '')
        : { code: 'invalid_format', expected: 'another name' };
    default:
      return { code: 'invalid_format', expected: issue.message };
  }
}

const TYPES: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a string',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

function bound(word: string, limit: number | bigint, origin: string): string {
  const unit = origin === 'string' ? (limit === 1 ? ' character' : ' characters') : '';
  const items = origin === 'array' ? ' items' : '';
  return `${word} ${limit}${unit}${items}${unit ? ' long' : ''}`;
}

const quote = (value: unknown): string => {
  // What is long is cut first: to quote a mebibyte for the sake of sixty characters costs time.
  const short = typeof value === 'string' ? value.slice(0, 100) : value;
  const text = JSON.stringify(short) ?? String(short);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
};

/** What was found, short enough to stand in a sentence. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return quote(value);
}
