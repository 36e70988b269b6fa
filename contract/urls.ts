/** The URLs that a document and the REST API may name: how relative ones are resolved, and which ones are allowed. */
import type { ActionType } from './actions/table.ts';
import { pointer } from './details.ts';
import type { Detail } from './errors.ts';

/** The operator's rules for URLs. */
export interface UrlRules {
  /** Also allows http and ws, and private addresses. For development. */
  allowPrivateUrls?: boolean;
  /** Why an IP address may not be requested, such as `a loopback address`; undefined if it may. */
  whyPrivate?: (host: string) => string | undefined;
}

const SETTING = 'unless the server is started with MINIVOICE_ALLOW_PRIVATE_URLS=true';
const SECURE: Record<string, string> = { 'http:': 'https://', 'ws:': 'wss://' };

/**
 * Describes what a URL must be to be allowed; undefined if it is allowed. When the URL is requested, the addresses of
 * its host are checked again.
 * @param url is valid and absolute.
 * @param plain allows http to public addresses.
 */
export function urlExpected(url: string, rules: UrlRules, plain = false): string | undefined {
  if (rules.allowPrivateUrls) return undefined;
  const { protocol, hostname } = new URL(url);
  const secure = SECURE[protocol];
  if (secure && !plain) return `a URL that begins with ${secure}, ${SETTING}`;
  const host = hostname.replace(/^\[|\]$|\.$/g, '');
  const why = /(^|\.)localhost$/.test(host) ? 'a loopback address' : rules.whyPrivate?.(host);
  return why && `a URL of the public internet (${host} is ${why}), ${SETTING}`;
}

/** The actions with a URL: the name of the field, whether it is a WebSocket URL, and whether it may be plain http. */
const URL_FIELDS: Partial<Record<ActionType, { field: string; socket?: true; plain?: true }>> = {
  play: { field: 'url' },
  redirect: { field: 'url', plain: true },
  start_stream: { field: 'stream_url', socket: true },
  // Never requested: it selects a running stream.
  stop_stream: { field: 'stream_url', socket: true, plain: true },
};

/**
 * Makes the URL in the fields of an action absolute (RFC 3986 §5). For a WebSocket, http becomes ws, as in browsers.
 * A URL that cannot be resolved is left as it is; the schema rejects it.
 */
export function withAbsoluteUrl(type: ActionType, fields: unknown, base: string | undefined): unknown {
  const { field, socket } = URL_FIELDS[type] ?? {};
  if (!field || base === undefined || typeof fields !== 'object' || fields === null) return fields;
  const text = (fields as Record<string, unknown>)[field];
  if (typeof text !== 'string' || text === '' || text.length > 2048) return fields;
  const url = URL.canParse(text) ? null : URL.parse(text, base);
  if (!url) return fields;
  const { href } = url;
  return { ...fields, [field]: socket ? href.replace(/^http/, 'ws') : href };
}

/** The error if the operator's rules do not allow the URL of a valid action. */
export function urlError(
  type: ActionType,
  fields: Record<string, unknown>,
  base: readonly PropertyKey[],
  rules: UrlRules,
): Detail | undefined {
  const { field, plain } = URL_FIELDS[type] ?? {};
  if (!field) return undefined;
  const url = fields[field];
  if (typeof url !== 'string') return undefined;
  const expected = urlExpected(url, rules, plain);
  if (expected === undefined) return undefined;
  const place = { pointer: pointer([...base, field]), code: 'invalid_format' } as const;
  return { ...place, message: `${field} must be ${expected}`, expected, found: JSON.stringify(url) };
}
