import type { Detail } from '../../contract/errors.ts';
import { pointer, valueAt } from '../../contract/pointer.ts';
import { type UrlRules, urlExpected } from '../../contract/url-rules.ts';
import { Failure } from '../core/index.ts';

/** Where bodies name URLs that are requested later. */
const PLACES = [['answer_url'], ['fallback_answer_url'], ['webhook_url'], ['ai', 'base_url']];

/**
 * Refuses URLs that could never be requested when they are given, not at the first call. Fails with `invalid_request`.
 * @param body is valid.
 */
export function checkUrls(body: unknown, rules: UrlRules): void {
  const details = PLACES.flatMap((path) => faultAt(body, path, rules) ?? []);
  if (details.length > 0) throw new Failure('invalid_request', details[0]!.message, { details });
}

function faultAt(body: unknown, path: string[], rules: UrlRules): Detail | undefined {
  const url = valueAt(body, path);
  const expected = typeof url === 'string' ? urlExpected(url, rules) : undefined;
  if (expected === undefined) return undefined;
  const message = `${path.at(-1)} must be ${expected}`;
  return { pointer: pointer(path), code: 'invalid_format', message, expected, found: JSON.stringify(url) };
}

/** What relative URLs of a document over REST are resolved against: a URL of the application. */
export const baseOf = (answerUrl: string | undefined): string | undefined =>
  answerUrl?.startsWith('http') ? answerUrl : undefined;
