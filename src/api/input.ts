/** Reads and checks what a request brings: its body, its query, and the URLs in its body. */
import type { z } from 'zod';
import { describe, detailsOf, pointer, valueAt } from '../../contract/details.ts';
import type { Detail } from '../../contract/errors.ts';
import { readJson } from '../../contract/json.ts';
import { type UrlRules, urlExpected } from '../../contract/urls.ts';
import { Failure } from '../core/index.ts';

/** Checks a body or a query. Fails with `invalid_request`; the first error is the message, `details` has all. */
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

/** The field names of the object at a path of a schema; empty if there is no object. */
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

/** Parses a JSON body; an empty body stands for `{}`. Fails with `invalid_json`. */
export function readBody(text: string): unknown {
  if (text.trim() === '') return {};
  const json = readJson(text);
  if ('value' in json) return json.value;
  const { line, column, reason } = json.error;
  const message = `line ${line}, column ${column}: ${reason}`;
  const found = describe(text.slice(0, 60));
  throw new Failure('invalid_json', message, {
    details: [{ pointer: '', code: 'invalid_json', message, expected: 'JSON', found }],
  });
}

/** Body fields with URLs that MiniVoice requests later. */
const URL_FIELDS = [['answer_url'], ['fallback_answer_url'], ['webhook_url'], ['ai', 'base_url']];

/**
 * Rejects URLs that MiniVoice may never request when they are set, not at the first call. Fails with `invalid_request`.
 * @param body has passed its schema.
 */
export function checkUrls(body: unknown, rules: UrlRules): void {
  const details = URL_FIELDS.flatMap((path) => urlErrorAt(body, path, rules) ?? []);
  if (details.length > 0) throw new Failure('invalid_request', details[0]!.message, { details });
}

function urlErrorAt(body: unknown, path: string[], rules: UrlRules): Detail | undefined {
  const url = valueAt(body, path);
  const expected = typeof url === 'string' ? urlExpected(url, rules) : undefined;
  if (expected === undefined) return undefined;
  const message = `${path.at(-1)} must be ${expected}`;
  return { pointer: pointer(path), code: 'invalid_format', message, expected, found: JSON.stringify(url) };
}

/** The base of relative URLs in a document sent over REST: the application's `answer_url`, if it is an HTTP URL. */
export const baseOf = (answerUrl: string | undefined): string | undefined =>
  answerUrl?.startsWith('http') ? answerUrl : undefined;
