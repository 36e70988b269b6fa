import type { Headers } from './headers.ts';
import { splitMultipart } from './multipart.ts';

/** A body, or one part of a multipart body (RFC 2046 §5.1). */
interface Entity {
  /** `type/subtype` in lower case. */
  type: string;
  headers: Headers;
  content: Buffer;
  /** The parts of a multipart body; undefined for any other. */
  parts: Entity[] | undefined;
}

type WithBody = { headers: Headers; body: Buffer };

/** Deepest nesting of multipart bodies that is parsed. */
const MAX_DEPTH = 5;
const SDP = 'application/sdp';

/**
 * The content of the given type in a message, at any depth of a multipart body.
 * @param type in lower case. @returns undefined if there is none.
 */
export function bodyOf(message: WithBody, type: string): Buffer | undefined {
  const root = rootOf(message);
  return root && find(root, type)?.content;
}

/** The session description of a message; undefined if it has none. */
export function sdpOf(message: WithBody): string | undefined {
  return bodyOf(message, SDP)?.toString('utf8');
}

/**
 * Finds a required part (RFC 3261 §20.11) of another than the supported type: the request gets 415.
 * RFC 5621 §4.2 makes `handling=required` the default. Phones and carriers omit `optional` for parts beside a session
 * description, so there only an explicit `required` counts.
 * @returns the type of the part; undefined if the message is acceptable.
 */
export function unsupportedBodyType(message: WithBody, type: string): string | undefined {
  const root = rootOf(message);
  if (!root) return undefined;
  return find(root, type) ? requiredBeside(root, type) : firstRequired(root);
}

function rootOf({ headers, body }: WithBody): Entity | undefined {
  return body.length > 0 ? entityOf(headers, body, 0) : undefined;
}

function entityOf(headers: Headers, content: Buffer, depth: number): Entity {
  const declared = headers.get('Content-Type');
  const match = declared === undefined ? null : /^\s*([^\s/;]+)\s*\/\s*([^\s/;]+)/.exec(declared);
  const type = match ? `${match[1]}/${match[2]}`.toLowerCase() : sniff(declared, content);
  const encoding = headers.get('Content-Encoding')?.trim().toLowerCase() || 'identity';
  if (encoding !== 'identity') return { type: `${type} in ${encoding}`, headers, content, parts: undefined };
  const opened = type.startsWith('multipart/') && depth < MAX_DEPTH;
  const found = opened ? splitMultipart(declared!, content) : undefined;
  const parts = found?.map((part) => entityOf(part.headers, part.content, depth + 1));
  return { type, headers, content, parts };
}

/** RFC 3261 §7.4.1 requires a Content-Type, but a session description is recognized without one. */
function sniff(declared: string | undefined, content: Buffer): string {
  if (declared === undefined && /^\s*v=0\s/.test(content.toString('latin1', 0, 64))) return SDP;
  return declared === undefined ? 'a body without Content-Type' : 'a body with a malformed Content-Type';
}

function find(entity: Entity, type: string): Entity | undefined {
  if (!entity.parts) return entity.type === type && isForSession(entity) ? entity : undefined;
  for (const part of inOrder(entity)) {
    const found = find(part, type);
    if (found) return found;
  }
  return undefined;
}

/** The parts of a multipart body, in order of preference. */
function inOrder({ type, headers, parts = [] }: Entity): Entity[] {
  // RFC 2046 §5.1.4: the last supported alternative is the best.
  if (type === 'multipart/alternative') return parts.toReversed();
  if (type !== 'multipart/related') return parts;
  // RFC 2387 §3.2: the root is the first part, unless `start` names another one.
  const start = /;\s{0,9}start\s{0,9}=\s{0,9}"?(<[^>"]{0,256}>)/i.exec(
    headers.get('Content-Type') ?? '',
  )?.[1];
  const root = parts.find((part) => start !== undefined && part.headers.get('Content-ID')?.trim() === start);
  return root ? [root, ...parts.filter((part) => part !== root)] : parts;
}

/** RFC 3959 §4: an `early-session` description does not describe the session. */
const isForSession = (entity: Entity): boolean =>
  !/^\s*early-session\b/i.test(entity.headers.get('Content-Disposition') ?? '');

function handlingOf({ headers }: Entity): string | undefined {
  const match = /;\s{0,9}handling\s{0,9}=\s{0,9}"?\s{0,9}([A-Za-z-]+)/i.exec(
    headers.get('Content-Disposition') ?? '',
  );
  return match?.[1]?.toLowerCase();
}

/** The type of the first explicitly required part, beside a part of the supported type. */
function requiredBeside(entity: Entity, type: string): string | undefined {
  if (handlingOf(entity) === 'optional') return undefined;
  if (!entity.parts) {
    return handlingOf(entity) === 'required' && entity.type !== type ? entity.type : undefined;
  }
  for (const part of relevantParts(entity, type)) {
    const missing = requiredBeside(part, type);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

/** The chosen one of alternatives, and a signed body without its signature (RFC 1847 §2.1). */
function relevantParts(entity: Entity, type: string): Entity[] {
  if (entity.type === 'multipart/signed') return entity.parts!.slice(0, 1);
  const chosen = inOrder(entity).find((part) => find(part, type));
  return entity.type === 'multipart/alternative' && chosen ? [chosen] : entity.parts!;
}

/** The type of the first part that is not optional. */
function firstRequired(entity: Entity): string | undefined {
  if (handlingOf(entity) === 'optional') return undefined;
  if (!entity.parts || entity.parts.length === 0) return entity.type;
  return entity.parts.map(firstRequired).find((type) => type !== undefined);
}
