import { decodeText } from './headers.ts';
import { formatHost, parseHost } from './host.ts';
import type { Params } from './params.ts';
import { SipSyntaxError } from './syntax-error.ts';

/** A `sip:`, `sips:` or `tel:` URI; every part is unescaped. */
export interface Uri {
  scheme: 'sip' | 'sips' | 'tel';
  /** Of a tel URI the number, with its visual separators. */
  user: string | undefined;
  password: string | undefined;
  /** Without brackets when it is an IPv6 address; '' in a tel URI. */
  host: string;
  port: number | undefined;
  params: Params;
  /** What stands after `?`: header fields for a request to this URI. Names in lower case. */
  headers: Params;
}

/** What `formatUri` needs; the rest of a `Uri` may be left out. */
export type UriParts = Pick<Uri, 'scheme' | 'host'> & { [key in keyof Uri]?: Uri[key] | undefined };

const SHAPE = /^([A-Za-z][A-Za-z0-9+.-]*):(?:([^@]*)@)?([^;?@]*)((?:;[^?@]*)?)((?:\?[^@]*)?)$/;
const TEL = /^([+0-9A-Fa-f*#().-]+)((?:;[^?@]*)?)$/;
// RFC 3261 §25.1: what may stand unescaped anywhere in a SIP URI; anything else is no part of one.
const ALPHABET = /^[A-Za-z0-9\-_.!~*'()&=+$,;?/:@%[\]#]+$/;

/** @throws SipSyntaxError 416 for another scheme, 400 for a URI that is malformed. */
export function parseUri(text: string): Uri {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase();
  if (scheme === 'tel') return parseTel(text);
  if (scheme !== 'sip' && scheme !== 'sips') throw unknownScheme(text, scheme);
  const match = ALPHABET.test(text) ? SHAPE.exec(text) : null;
  if (!match) throw malformed(text);
  const [, , user, hostPort, params, headers] = match;
  // `sip:@host` comes from callers that hide their number: no user.
  const userInfo = user || undefined;
  const cut = userInfo?.indexOf(':') ?? -1;
  return {
    scheme,
    user: userInfo === undefined ? undefined : decode(cut < 0 ? userInfo : userInfo.slice(0, cut)),
    password: userInfo === undefined || cut < 0 ? undefined : decode(userInfo.slice(cut + 1)),
    ...parseHost(hostPort!),
    params: parseParts(params!.slice(1), ';'),
    headers: parseParts(headers!.slice(1), '&'),
  };
}

/** The user part, also of a URI that is otherwise malformed or of another scheme; undefined when it has none. */
export function userOf(text: string): string | undefined {
  try {
    return parseUri(text).user || undefined;
  } catch {
    const user = /^[A-Za-z][A-Za-z0-9+.-]*:([^@<>\s]+)@/.exec(text)?.[1];
    return user === undefined ? undefined : decodeText(user.replace(/:.*$/s, '')) || undefined;
  }
}

/** Writes a URI; whatever is not allowed as it stands is escaped. */
export function formatUri(uri: UriParts): string {
  const params = [...(uri.params ?? [])].map((each) => `;${formatPart(each, '&')}`).join('');
  if (uri.scheme === 'tel') return `tel:${uri.user ?? ''}${params}`;
  const password = uri.password === undefined ? '' : `:${encode(uri.password, '&=+$,')}`;
  const userInfo = uri.user === undefined ? '' : `${encode(uri.user, '&=+$,;?/')}${password}@`;
  const port = uri.port === undefined ? '' : `:${uri.port}`;
  const headers = [...(uri.headers ?? [])].map((each) => formatPart(each, '?', '=')).join('&');
  return `${uri.scheme}:${userInfo}${formatHost(uri.host)}${port}${params}${headers && `?${headers}`}`;
}

// RFC 3966: the number, then parameters as in a SIP URI.
function parseTel(text: string): Uri {
  const match = TEL.exec(text.slice(4));
  if (!match) throw malformed(text);
  const params = parseParts(match[2]!.slice(1), ';');
  const none = { password: undefined, port: undefined, headers: new Map<string, string>() };
  return { scheme: 'tel', user: match[1], host: '', params, ...none };
}

function parseParts(text: string, separator: string): Params {
  const parts: Params = new Map();
  if (text === '') return parts;
  for (const part of text.split(separator)) {
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals)).toLowerCase();
    if (name === '') continue;
    if (!parts.has(name)) parts.set(name, equals < 0 ? '' : decode(part.slice(equals + 1)));
  }
  return parts;
}

function formatPart([name, value]: [string, string], extra: string, empty = ''): string {
  const allowed = `[]/:+$${extra}`;
  return encode(name, allowed) + (value === '' ? empty : `=${encode(value, allowed)}`);
}

function encode(text: string, allowed: string): string {
  return encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (code) => {
    const char = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return allowed.includes(char) ? char : code;
  });
}

function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SipSyntaxError(`The escapes in ${JSON.stringify(text.slice(0, 80))} are not UTF-8`);
  }
}

function unknownScheme(text: string, scheme: string): SipSyntaxError {
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) return malformed(text);
  return new SipSyntaxError(`URIs of the scheme ${scheme} are not understood here`, { status: 416 });
}

function malformed(text: string): SipSyntaxError {
  return new SipSyntaxError(`The URI ${JSON.stringify(text.slice(0, 80))} is malformed`);
}
