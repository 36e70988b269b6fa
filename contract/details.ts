/** Turns validation errors of zod into details that an application can act on. */
import type { z } from 'zod';
import type { Detail, DetailCode } from './errors.ts';
import { nearest, snakeCase } from './nearest.ts';

type Issue = z.core.$ZodIssue;

export interface DetailContext {
  /** The whole document, unchanged. */
  document: unknown;
  /** The path of the checked value in the document. */
  base: readonly PropertyKey[];
  /** The allowed fields of the object at a path, to suggest one for an unknown field. */
  fieldsAt(path: readonly PropertyKey[]): readonly string[];
  /** By the name of a field on other platforms: the name of the field here, or a hint. */
  equivalents?: Record<string, string>;
  /** The word for a member of the value in messages. Default: `field`. */
  noun?: string;
}

/** The maximum number of details: a body of 1 MiB must not cause a response, and an event, of 20 MiB. */
export const MAX_DETAILS = 200;

/** Converts zod's issues to details with their place in the original document, up to `MAX_DETAILS`. */
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
    issue.path.length === 0 ? valueAt(context.equivalents, [snakeCase(key.slice(0, 40))]) : undefined;
  const isName = typeof other === 'string' && known.includes(other);
  const suggestion = isName ? other : nearest(key, known);
  const hint = suggestion ? `; did you mean "${suggestion}"?` : other ? `: ${other}` : '';
  return {
    pointer: pointer(path),
    code: 'unknown_field',
    message: `there is no ${noun} ${quote(key)} here${hint}`,
    ...(known.length > 0 ? { expected: `one of ${known.join(', ')}` } : {}),
    found: describe(valueAt(document, path)),
  };
}

function detailOf(issue: Issue, { document, base }: DetailContext): Detail {
  const path = [...base, ...issue.path];
  const value = valueAt(document, path);
  const name = String(path.at(-1) ?? 'the value');
  const { code, expected } = classify(issue, value);
  const message =
    issue.code === 'custom' && code === 'conflict'
      ? issue.message
      : code === 'required'
        ? `${name} is required`
        : `${name} must be ${expected}`;
  return { pointer: pointer(path), code, message, expected, found: describe(value) };
}

interface Classified {
  code: DetailCode;
  expected: string;
}

function classify(issue: Issue, value: unknown): Classified {
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
        ? classify(issue.issues[0], '')
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
  // Cuts long text first: quoting 1 MiB to show sixty characters takes time.
  const short = typeof value === 'string' ? value.slice(0, 100) : value;
  const text = JSON.stringify(short) ?? String(short);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
};

/** Describes a value in a few words, for messages. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return quote(value);
}

/** Creates a JSON pointer (RFC 6901): `['actions', 0, 'a/b']` becomes `/actions/0/a~1b`. */
export function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Returns the value at a path, or undefined if there is none. */
export function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
