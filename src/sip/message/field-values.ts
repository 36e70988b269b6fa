import { decodeText, encodeText, type Params, quote, splitAt, unquote } from './grammar.ts';
import { SipSyntaxError } from './message.ts';
import { formatHost, parseHost } from './uri.ts';

/** The value of From, To, Contact, Route and similar fields (RFC 3261 §20.10). */
export interface NameAddress {
  displayName: string | undefined;
  /** As written, with any scheme; `parseUri` reads it. `*` in a Contact that removes all bindings. */
  uri: string;
  /** Parameters of the header field, not of the URI. */
  params: Params;
  tag: string | undefined;
}

const NAME_ADDRESS = /^(?:("(?:[^"\\]|\\[\s\S])*")\s*|([^"<>]*))<([^<>\s"]+)>\s*(;[\s\S]*)?$/;
const DISPLAY_TOKENS = /^[A-Za-z0-9\-.!%*_+`'~\s]*$/;
const ADDRESS = /^([^\s<>";?,]+)\s*(;[\s\S]*)?$/;

/**
 * Reads one value, not a comma list. Accepts display names as phones and carriers send them: unquoted special
 * characters, UTF-8, and doubled, escaped or missing quotes.
 * @throws SipSyntaxError if no address can be found.
 */
export function parseNameAddress(text: string): NameAddress {
  const match = NAME_ADDRESS.exec(text);
  if (match) return address(match[1] ?? match[2]?.trimEnd(), match[3]!, match[4] ?? '');
  // RFC 3261 §20.10: without angle brackets a semicolon starts a field parameter, and the URI contains neither
  // comma nor question mark.
  const bare = ADDRESS.exec(text);
  if (bare) return address(undefined, bare[1]!, bare[2] ?? '');
  return parseLenient(text);
}

/** With unbalanced quotes, or spaces around the URI, the last angle brackets still delimit it. */
function parseLenient(text: string): NameAddress {
  const open = text.lastIndexOf('<');
  const close = text.indexOf('>', open);
  // Escapes the spaces of a user part such as `sip:Front Desk@x`.
  const uri =
    open < 0
      ? ''
      : text
          .slice(open + 1, close)
          .trim()
          .replace(/[ \t]/g, '%20');
  const rest = text.slice(close + 1).trim();
  if (close < 0 || !/^[^\s"]+$/.test(uri) || !/^(;|$)/.test(rest)) {
    throw new SipSyntaxError(`The address ${JSON.stringify(text.slice(0, 80))} is malformed`);
  }
  return address(unquoteUnbalanced(text.slice(0, open)), uri, rest);
}

/** Whether the value conforms to the grammar, so that it can be sent unchanged. */
export function isWellFormed(text: string): boolean {
  const match = NAME_ADDRESS.exec(text);
  return match ? DISPLAY_TOKENS.test(match[2] ?? '') : ADDRESS.test(text);
}

/** Removes unbalanced quotes around a name. */
function unquoteUnbalanced(name: string): string {
  let start = 0;
  let end = name.length;
  while (start < end && /["\s]/.test(name[start]!)) start++;
  while (end > start && /["\s]/.test(name[end - 1]!)) end--;
  return name
    .slice(start, end)
    .replace(/\\([\s\S])/g, '$1')
    .replace(/\\$/, '')
    .trim();
}

function address(name: string | undefined, uri: string, rest: string): NameAddress {
  const params = parseParamsLeniently(rest);
  const displayName = name ? decodeText(unquote(name)) : undefined;
  return { displayName: displayName || undefined, uri, params, tag: params.get('tag') };
}

/** Writes an address with a quoted name; `tag` takes precedence over `params`. */
export function formatNameAddress(address: {
  uri: string;
  displayName?: string | undefined;
  params?: ReadonlyMap<string, string>;
  tag?: string | undefined;
}): string {
  const params = new Map(address.params);
  if (address.tag !== undefined) params.set('tag', address.tag);
  const name = address.displayName ? `${quote(encodeText(address.displayName))} ` : '';
  return `${name}<${address.uri}>${formatParams(params)}`;
}

/** A Via value (RFC 3261 §20.42), with `rport` of RFC 3581. */
export interface Via {
  /** `SIP/2.0` */
  protocol: string;
  /** `UDP`, `TCP`, `TLS`, `WS`, `WSS` or another name, in upper case. */
  transport: string;
  /** An IPv6 address has no brackets. */
  host: string;
  port: number | undefined;
  params: Params;
  branch: string | undefined;
  received: string | undefined;
  /** '' in a request, the port as text in a response. */
  rport: string | undefined;
}

const VIA =
  /^([A-Za-z0-9\-.!%*_+`'~]+)\s*\/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s*\/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s+([^\s;,:]+|\[[^\]]*\])(?:\s*:\s*(\d{1,8}))?\s*(;[\s\S]*)?$/;

/** Reads one Via value, not a comma list. @throws SipSyntaxError */
export function parseVia(text: string): Via {
  const match = VIA.exec(text);
  if (!match) throw new SipSyntaxError(`The Via ${JSON.stringify(text.slice(0, 80))} is malformed`);
  const [, name, version, transport, host, port, rest] = match;
  const params = parseParams(rest ?? '');
  return {
    protocol: `${name}/${version}`.toUpperCase(),
    transport: transport!.toUpperCase(),
    ...parseHost(port === undefined ? host! : `${host}:${port}`),
    params,
    branch: params.get('branch'),
    received: params.get('received'),
    rport: params.get('rport'),
  };
}

/** Writes a Via; `branch`, `received` and `rport` take precedence over `params`. */
export function formatVia(
  via: Pick<Via, 'transport' | 'host'> & { [key in keyof Via]?: Via[key] | undefined },
): string {
  const params = new Map(via.params);
  for (const name of ['branch', 'received', 'rport'] as const) {
    const value = via[name];
    if (value !== undefined) params.set(name, value);
  }
  const port = via.port === undefined ? '' : `:${via.port}`;
  return `${via.protocol ?? 'SIP/2.0'}/${via.transport} ${formatHost(via.host)}${port}${formatParams(params)}`;
}

const PARAM = /\s*;\s*([A-Za-z0-9\-.!%*_+`'~]+)(?:\s*=\s*("(?:[^"\\]|\\[\s\S])*"|[^\s;,"<>]+))?\s*/y;
const KNOWN_PARAM = /^([A-Za-z0-9\-.!%*_+`'~]+)\s*(?:=\s*("(?:[^"\\]|\\[\s\S])*"|[^\s;,"<>]+))?/;
// Values that need no quotes: a token or a host (`received` may be an IPv6 address).
const UNQUOTED = /^[A-Za-z0-9\-.!%*_+`'~[\]:]+$/;

/** Reads `;name=value;flag;name="quoted"`; of repeated names the first counts. @throws SipSyntaxError */
export function parseParams(text: string): Params {
  const params: Params = new Map();
  PARAM.lastIndex = 0;
  for (let at = 0; at < text.length; at = PARAM.lastIndex) {
    const match = PARAM.exec(text);
    if (!match) throw new SipSyntaxError(`The parameters ${JSON.stringify(text)} are malformed`);
    const name = match[1]!.toLowerCase();
    if (!params.has(name)) params.set(name, unquote(match[2] ?? ''));
  }
  return params;
}

/** Like `parseParams`, but skips malformed ones: `;;`, a trailing `;`, a value with spaces. Never throws. */
export function parseParamsLeniently(text: string): Params {
  const params: Params = new Map();
  for (const part of splitAt(text, ';')) {
    const [, name, value = ''] = KNOWN_PARAM.exec(part) ?? [];
    const key = name?.toLowerCase();
    if (key !== undefined && !params.has(key)) params.set(key, unquote(value));
  }
  return params;
}

/** Writes what `parseParams` reads, with quotes where a value needs them. */
export function formatParams(params: ReadonlyMap<string, string>): string {
  let text = '';
  for (const [name, value] of params) text += value === '' ? `;${name}` : `;${name}=${quoteIfNeeded(value)}`;
  return text;
}

function quoteIfNeeded(value: string): string {
  return UNQUOTED.test(value) ? value : quote(value);
}
