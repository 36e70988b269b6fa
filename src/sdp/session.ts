import { formatDescription, type Media, parseDescription } from './description.ts';

/** What a description of ours says of us. */
export interface LocalSession {
  /** IPv4 or IPv6. */
  address: string;
  /** UDP port of RTP. */
  port: number;
  /** Any number, the same for the whole dialog. */
  sessionId: number;
  /** Of the first description; later ones count on from `previous`. */
  version: number;
  /** What was sent last in this dialog, offer or answer. */
  previous?: string | undefined;
}

/**
 * Writes a description of ours. RFC 3264 §8: after the first, the session id stays and the version goes up by
 * one when anything else changed.
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
