import { Failure } from '../kit/index.ts';

/** An `a=` line; a property attribute has no value. */
export type Attribute = [name: string, value?: string];

/** One `m=` line and what belongs to it. */
export interface Media {
  /** `audio`, `video`, `image`, … */
  type: string;
  /** 0: refused, or not in use. */
  port: number;
  /** `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`, … */
  protocol: string;
  /** RTP payload types, as text. */
  formats: string[];
  /** The address of its own `c=` line: IPv4, IPv6, multicast with `/ttl`, or a name. */
  address: string | undefined;
  attributes: Attribute[];
}

/** What of a session description matters here (RFC 8866); lines of other kinds are passed over. */
export interface Description {
  origin: { username: string; sessionId: string; version: string; address: string };
  /** The `c=` line for all media without one of their own. */
  address: string | undefined;
  attributes: Attribute[];
  media: Media[];
}

const broken = (sentence: string) => new Failure('invalid_sdp', sentence);

/** @throws Failure `invalid_sdp` that names the line. */
export function parseDescription(text: string): Description {
  const lines = text.split(/\r\n|\n/);
  while (lines.at(-1) === '') lines.pop();
  if (lines[0] !== 'v=0') throw broken('The session description does not begin with v=0');
  const description: Description = {
    origin: parseOrigin(lines),
    address: undefined,
    attributes: [],
    media: [],
  };
  for (const line of lines) readLine(line, description);
  return description;
}

function readLine(line: string, description: Description): void {
  const value = line.slice(2);
  // RFC 8866 §5, §9: one letter, an equals sign, no space around it; never a CR alone or NUL, which others may take for an end.
  if (!/^[a-z]=[^\r\0]*$/.test(line)) throw broken(`${JSON.stringify(line.slice(0, 60))} is no line of SDP`);
  const level = description.media.at(-1) ?? description;
  if (line[0] === 'm') description.media.push(parseMedia(value));
  else if (line[0] === 'c') level.address = parseConnection(value);
  else if (line[0] === 'a') level.attributes.push(parseAttribute(value));
}

function parseOrigin(lines: string[]): Description['origin'] {
  const line = lines.find((each) => each.startsWith('o='));
  const match = /^o=(\S+) (\d+) (\d+) IN IP[46] (\S+)$/.exec(line ?? '');
  if (!match) throw broken('The o= line is missing or malformed');
  return { username: match[1]!, sessionId: match[2]!, version: match[3]!, address: match[4]! };
}

function parseMedia(value: string): Media {
  const match = /^([\w-]+) (\d{1,5})(?:\/\d+)? ([\w/.-]+)((?: \S+)+)\s*$/.exec(value);
  const port = Number(match?.[2]);
  if (!match || port > 65535) throw broken(`The line m=${value.slice(0, 60)} is malformed`);
  const formats = match[4]!.trim().split(/ +/);
  return { type: match[1]!, port, protocol: match[3]!, formats, address: undefined, attributes: [] };
}

function parseConnection(value: string): string {
  const match = /^IN IP[46] (\S+)$/.exec(value);
  if (!match) throw broken(`The line c=${value.slice(0, 60)} is malformed`);
  return match[1]!;
}

function parseAttribute(value: string): Attribute {
  const colon = value.indexOf(':');
  return colon < 0 ? [value.trim()] : [value.slice(0, colon), value.slice(colon + 1)];
}

/** Writes a description with CRLF after every line. */
export function formatDescription({ origin, address, attributes, media }: Description): string {
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
