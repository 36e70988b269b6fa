import { Failure } from '../core/index.ts';

/** An `a=` line; a property attribute has no value. */
export type Attribute = [name: string, value?: string];

/** A media description: an `m=` line and the lines that belong to it. */
export interface Media {
  /** `audio`, `video`, `image`, … in lower case. */
  type: string;
  /** 0: refused or unused. */
  port: number;
  /** `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`, … */
  protocol: string;
  /** RTP payload types, as text. */
  formats: string[];
  /** Address of its `c=` line or that of the session: IPv4, IPv6, multicast with `/ttl`, or a name. */
  address: string | undefined;
  /** Its supported attributes, then those of the session; names in lower case. */
  attributes: Attribute[];
  /** The result of `encodingsOf`, once it was called. */
  encodings?: Map<number, string> | undefined;
  /** Names the malformed `m=` or `c=` line: the stream is unusable, but keeps its position. */
  fault?: string | undefined;
}

/** The `o=` line. */
export interface Origin {
  username: string;
  sessionId: string;
  version: string;
  address: string;
}

/** The parts of a session description (RFC 8866) that are used; other lines are ignored. */
export interface Description {
  /** Undefined if the line is missing or malformed; only that of our own descriptions is needed. */
  origin: Origin | undefined;
  /** Address of the session's `c=` line, for all media without their own. */
  address: string | undefined;
  attributes: Attribute[];
  media: Media[];
}

/** Most streams; limited because an answer contains them all. */
const MAX_MEDIA = 256;
/** Most formats of a stream; there are 128 payload types. */
const MAX_FORMATS = 256;
/** Most session attributes; limited because every stream inherits them. */
const MAX_SESSION_ATTRIBUTES = 64;
/** The supported attributes. */
const ATTRIBUTES = ['rtpmap', 'crypto', 'rtcp-mux', 'sendrecv', 'sendonly', 'recvonly', 'inactive'];
/** RFC 8866 §9. */
const TOKEN = /^[\w!#$%&'*+.^`{|}~-]+$/;
const PROTOCOL = /^[\w!#$%&'*+.^`{|}~/-]+$/;
const PROFILES = ['RTP/AVP', 'RTP/AVPF', 'RTP/SAVP', 'RTP/SAVPF'];

const invalid = (sentence: string) => new Failure('invalid_sdp', sentence);

/**
 * Reads a description leniently. Accepts any line end, extra white space around and between fields, any case, and
 * lines in any order. A malformed line is an error only for the stream that needs it.
 * @throws Failure `invalid_sdp` if the text is not a session description.
 */
export function parseDescription(text: string): Description {
  const description: Description = { origin: undefined, address: undefined, attributes: [], media: [] };
  const levels: Level[] = [{}];
  let recognized = false;
  for (const line of text.split(/[\r\n]+/)) {
    // Some devices append NUL, or prepend a byte order mark.
    const match = /^([a-z])\s*=(.*)$/i.exec(line.replaceAll(/[\0\uFEFF]/g, ' ').trim());
    if (!match) continue;
    const [type, value] = [match[1]!.toLowerCase(), match[2]!.trim()];
    recognized ||= type === 'v' || type === 'm';
    readLine(type, value, description, levels);
  }
  if (!recognized) throw invalid('The body is not a session description: it has no v= and no m= line');
  inherit(description, levels);
  return description;
}

/** The `c=` line of the session or of one stream. */
interface Level {
  address?: string | undefined;
  fault?: string;
}

function readLine(type: string, value: string, description: Description, levels: Level[]): void {
  const { media } = description;
  if (type === 'm') {
    if (media.length === MAX_MEDIA) throw invalid(`There are more than ${MAX_MEDIA} m= lines`);
    media.push(parseMedia(value));
    levels.push({});
  } else if (type === 'c') readConnection(value, levels.at(-1)!);
  else if (type === 'a') readAttribute(value, (media.at(-1) ?? description).attributes);
  else if (type === 'o') description.origin ??= parseOrigin(value);
  else if (type === 'v' && /^\d+$/.test(value) && Number(value) !== 0)
    throw invalid(`The line v=${excerpt(value)} names a version that is not supported: 0 is`);
}

/** Session lines apply to every stream without its own (RFC 8866 §5.7, §5.13). */
function inherit(description: Description, [session, ...levels]: Level[]): void {
  description.address = session?.address;
  for (const [at, media] of description.media.entries()) {
    const own = levels[at]!;
    const { address, fault } = own.address === undefined && own.fault === undefined ? session! : own;
    media.address = address;
    media.fault ??= address === undefined ? fault : undefined;
    media.attributes.push(...description.attributes.slice(0, MAX_SESSION_ATTRIBUTES));
  }
}

function parseOrigin(value: string): Origin | undefined {
  const match = /^(\S+) (\d{1,20}) (\d{1,20}) IN IP[46] (\S+)$/.exec(value);
  return match
    ? { username: match[1]!, sessionId: match[2]!, version: match[3]!, address: match[4]! }
    : undefined;
}

function parseMedia(value: string): Media {
  const [type = '', port = '', protocol = '', ...formats] = value.split(/\s+/);
  const number = /^(\d{1,5})(?:\/.*)?$/.exec(port)?.[1];
  const known = PROFILES.find((profile) => profile === protocol.toUpperCase());
  const media: Media = {
    type: TOKEN.test(type) ? type.toLowerCase() : 'application',
    port: Number(number ?? 0),
    protocol: known ?? (PROTOCOL.test(protocol) ? protocol : 'RTP/AVP'),
    formats: formats.filter((format) => TOKEN.test(format)).slice(0, MAX_FORMATS),
    address: undefined,
    attributes: [],
  };
  const fault = mediaFault(port, number, protocol);
  return fault ? { ...media, port: 0, fault: `The line m=${excerpt(value)} has ${fault}` } : media;
}

function mediaFault(port: string, number: string | undefined, protocol: string): string | undefined {
  if (port === '') return 'no port';
  if (number === undefined || Number(number) > 65_535) return 'no valid port: it must be 0 to 65535';
  return PROTOCOL.test(protocol) ? undefined : 'no transport protocol';
}

function readConnection(value: string, level: Level): void {
  // Some devices write `IPv4` or `IPv6`, or put brackets around the address.
  const address = /^IN\s+IPv?[46]\s+\[?([^\s[\]]+)/i.exec(value)?.[1];
  // RFC 8866 §5.7: several lines are multicast layers; the first one is the base layer.
  level.address ??= address;
  if (address === undefined) level.fault ??= `The line c=${excerpt(value)} is malformed`;
}

function readAttribute(line: string, attributes: Attribute[]): void {
  const colon = line.indexOf(':');
  const name = line
    .slice(0, colon < 0 ? undefined : colon)
    .trim()
    .toLowerCase();
  if (ATTRIBUTES.includes(name)) attributes.push(colon < 0 ? [name] : [name, line.slice(colon + 1).trim()]);
}

/** Shortens a line for an error message, with printable characters only. */
export const excerpt = (value: string): string => value.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 60);

/** Writes a description with CRLF after every line. */
export function formatDescription({
  origin,
  address,
  attributes,
  media,
}: Description & { origin: Origin }): string {
  const lines = [
    'v=0',
    `o=${origin.username} ${origin.sessionId} ${origin.version} ${network(origin.address)}`,
    's=-',
    ...(address === undefined ? [] : [`c=${network(address)}`]),
    't=0 0',
    ...attributes.map(formatAttribute),
    ...media.flatMap(formatMedia),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function formatMedia({ type, port, protocol, formats, address, attributes }: Media): string[] {
  const line = `m=${type} ${port} ${protocol} ${formats.join(' ')}`;
  return [
    line,
    ...(address === undefined ? [] : [`c=${network(address)}`]),
    ...attributes.map(formatAttribute),
  ];
}

function formatAttribute([name, value]: Attribute): string {
  return value === undefined ? `a=${name}` : `a=${name}:${value}`;
}

function network(address: string): string {
  return `IN IP${address.includes(':') ? 6 : 4} ${address}`;
}

/** Our side of a session description. */
export interface LocalSession {
  /** IPv4 or IPv6. */
  address: string;
  /** UDP port of RTP. */
  port: number;
  /** Session id, the same for the whole dialog. */
  sessionId: number;
  /** Version of the first description; later ones increment that of `previous`. */
  version: number;
  /** Our last description in this dialog, offer or answer. */
  previous?: string | undefined;
}

/**
 * Writes our description. After the first one the session id stays, and the version increases by one if anything
 * has changed (RFC 3264 §8).
 */
export function writeSession(local: LocalSession, media: Media[]): string {
  const origin = { username: 'minivoice', sessionId: String(local.sessionId), address: local.address };
  const write = (version: string, sessionId = origin.sessionId) => {
    const { address } = local;
    return formatDescription({ origin: { ...origin, version, sessionId }, address, attributes: [], media });
  };
  const before = local.previous === undefined ? undefined : parseDescription(local.previous).origin;
  if (!before) return write(String(local.version));
  const same = write(before.version, before.sessionId);
  if (same === local.previous) return same;
  return write(String(BigInt(before.version) + 1n), before.sessionId);
}
