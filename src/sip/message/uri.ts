import { parseHostPort, parseIpAddress } from '../../../contract/network-address.ts';
import { decodeText, type Params } from './grammar.ts';
import { SipSyntaxError } from './message.ts';

/** A `sip:`, `sips:` or `tel:` URI; every part is unescaped. */
export interface Uri {
  scheme: 'sip' | 'sips' | 'tel';
  /** In a tel URI the number, with its visual separators. */
  user: string | undefined;
  password: string | undefined;
  /** An IPv6 address has no brackets; '' in a tel URI. */
  host: string;
  port: number | undefined;
  params: Params;
  /** The part after `?`: header fields for a request to this URI, by lower-case name. */
  headers: Params;
}

/** Input of `formatUri`: a `Uri` whose other parts are optional. */
export type UriParts = Pick<Uri, 'scheme' | 'host'> & { [key in keyof Uri]?: Uri[key] | undefined };

const SHAPE = /^([A-Za-z][A-Za-z0-9+.-]*):(?:([^@]*)@)?([^;?@]*)((?:;[^?@]*)?)((?:\?[^@]*)?)$/;
const TEL = /^([+0-9A-Fa-f*#().-]+)((?:;[^?@]*)?)$/;
// RFC 3261 §25.1: the characters that may occur unescaped in a SIP URI.
const ALPHABET = /^[A-Za-z0-9\-_.!~*'()&=+$,;?/:@%[\]#]+$/;

/** The URIs that were parsed last. Each URI of a call is parsed many times. */
const recent = new Map<string, Uri>();
const MAX_RECENT = 256;
const MAX_RECENT_LENGTH = 256;

/**
 * Reads a URI. The result is shared by all callers: do not change it.
 * @throws SipSyntaxError 416 for another scheme, 400 for a malformed URI.
 */
export function parseUri(text: string): Uri {
  const known = recent.get(text);
  if (known) return known;
  const uri = readUri(text);
  if (recent.size === MAX_RECENT) recent.clear();
  if (text.length <= MAX_RECENT_LENGTH) recent.set(text, uri);
  return uri;
}

function readUri(text: string): Uri {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase();
  if (scheme === 'tel') return parseTel(text);
  if (scheme !== 'sip' && scheme !== 'sips') throw unsupportedScheme(text, scheme);
  const match = ALPHABET.test(text) ? SHAPE.exec(text) : null;
  if (!match) throw malformed(text);
  const [, , user, hostPort, params, headers] = match;
  // Callers that hide their number send `sip:@host`: no user.
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

/** The user part, even of a malformed URI or another scheme; undefined if there is none. */
export function userOf(text: string): string | undefined {
  try {
    return parseUri(text).user || undefined;
  } catch {
    const user = /^[A-Za-z][A-Za-z0-9+.-]*:([^@<>\s]+)@/.exec(text)?.[1];
    return user === undefined ? undefined : decodeText(user.replace(/:.*$/s, '')) || undefined;
  }
}

/** Tests for the scheme `sips:`. */
export const isSips = (uri: string | undefined): boolean => /^\s*sips:/i.test(uri ?? '');

/** Writes a URI, with escapes where needed. */
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
    throw new SipSyntaxError(`The escapes in ${excerpt(text)} are not UTF-8`);
  }
}

function unsupportedScheme(text: string, scheme: string): SipSyntaxError {
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) return malformed(text);
  return new SipSyntaxError(`The URI scheme ${scheme} is not supported`, { status: 416 });
}

function malformed(text: string): SipSyntaxError {
  return new SipSyntaxError(`The URI ${excerpt(text)} is malformed`);
}

const excerpt = (text: string): string => JSON.stringify(text.slice(0, 80));

/**
 * Reads `host`, `host:port`, `[IPv6]` or `[IPv6]:port` of a URI or Via, where any name is accepted.
 * @returns the host without brackets, an address as `parseIpAddress` writes it.
 * @throws SipSyntaxError for a malformed host, or a port outside of 1 to 65535.
 */
export function parseHost(text: string): { host: string; port: number | undefined } {
  const hostPort = parseHostPort(text, { anyName: true });
  if (!hostPort) throw new SipSyntaxError(`${excerpt(text)} is not a host with a port from 1 to 65535`);
  return hostPort;
}

/** Puts brackets around an IPv6 address. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** WebSocket peers are reached over the connection that they opened (RFC 7118 §5). */
const TARGET_TRANSPORTS = ['udp', 'tcp', 'tls', 'ws', 'wss'];

/** Multicast and broadcast addresses, which belong to no single host. */
const NOT_UNICAST = /^(22[4-9]\.|23\d\.|255\.255\.255\.255$|ff[0-9a-f]{2}:)/;

/**
 * Checks that a request can be sent to a URI. Scheme and transport must be supported, and host and maddr
 * (RFC 3261 §19.1.1) must be names or unicast addresses.
 * @throws SipSyntaxError that names the unusable part.
 */
export function checkTarget(text: string): void {
  const { scheme, host, params } = parseUri(text);
  const unusable = (part: string) =>
    new SipSyntaxError(`No request can be sent to ${text.slice(0, 80)} because of its ${part}`);
  if (scheme === 'tel') throw unusable('scheme');
  const transport = params.get('transport')?.toLowerCase() ?? 'udp';
  if (!TARGET_TRANSPORTS.includes(transport)) throw unusable('transport');
  if (!isUnicastHost(host)) throw unusable('host');
  const maddr = params.get('maddr');
  if (maddr && !isUnicastHost(maddr.replace(/^\[(.*)\]$/, '$1'))) throw unusable('maddr');
}

function isUnicastHost(host: string): boolean {
  const hostPort = parseHostPort(formatHost(host));
  return (
    hostPort !== undefined && hostPort.port === undefined && !NOT_UNICAST.test(parseIpAddress(host) ?? '')
  );
}
