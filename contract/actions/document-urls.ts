import type { Detail } from '../errors.ts';
import { pointer } from '../pointer.ts';
import { type UrlRules, urlExpected } from '../url-rules.ts';
import type { ActionType } from './table.ts';

/** The actions that name a URL: in which field, whether it is a WebSocket's, and whether it may be plain http. */
const URLS: Partial<Record<ActionType, { field: string; socket?: true; plain?: true }>> = {
  play: { field: 'url' },
  redirect: { field: 'url', plain: true },
  start_stream: { field: 'stream_url', socket: true },
  // Only names a stream that was started.
  stop_stream: { field: 'stream_url', socket: true, plain: true },
};

/**
 * An action's fields with its URL made absolute (RFC 3986 §5), as a browser does with a WebSocket's: a stream's https
 * becomes wss. What cannot be resolved stays as it is, and is refused by the schema.
 */
export function withAbsoluteUrl(type: ActionType, fields: unknown, base: string | undefined): unknown {
  const { field, socket } = URLS[type] ?? {};
  if (!field || base === undefined || typeof fields !== 'object' || fields === null) return fields;
  const text = (fields as Record<string, unknown>)[field];
  if (typeof text !== 'string' || text === '' || text.length > 2048) return fields;
  const url = URL.canParse(text) ? null : URL.parse(text, base);
  if (!url) return fields;
  const { href } = url;
  return { ...fields, [field]: socket ? href.replace(/^http/, 'ws') : href };
}

/** What is wrong with the URL of a valid action by the operator's rules. */
export function urlFault(
  type: ActionType,
  fields: Record<string, unknown>,
  base: readonly PropertyKey[],
  rules: UrlRules,
): Detail | undefined {
  const { field, plain } = URLS[type] ?? {};
  if (!field) return undefined;
  const url = fields[field];
  if (typeof url !== 'string') return undefined;
  const expected = urlExpected(url, rules, plain);
  if (expected === undefined) return undefined;
  const place = { pointer: pointer([...base, field]), code: 'invalid_format' } as const;
  return { ...place, message: `${field} must be ${expected}`, expected, found: JSON.stringify(url) };
}
