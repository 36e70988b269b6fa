import { isIP } from 'node:net';
import type { Media } from './description.ts';

/** Who sends, as seen by the one who says it. */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

const DIRECTIONS: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

const sends = (direction: Direction) => direction === 'sendrecv' || direction === 'sendonly';
const receives = (direction: Direction) => direction === 'sendrecv' || direction === 'recvonly';

function of(send: boolean, receive: boolean): Direction {
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}

/** The same flow, as seen from the other end. */
export function mirror(direction: Direction): Direction {
  return of(receives(direction), sends(direction));
}

/** Only what both allow. */
export function both(one: Direction, other: Direction): Direction {
  return of(sends(one) && sends(other), receives(one) && receives(other));
}

/** What a description says of one of its streams, where the one that wrote it holds the call included. */
export function directionOf({ attributes, address }: Media): Direction {
  const said = attributes.find(([name]) => DIRECTIONS.includes(name))?.[0] as Direction | undefined;
  return isHold(address) ? both(said ?? 'sendrecv', 'sendonly') : (said ?? 'sendrecv');
}

/**
 * RFC 3264 §8.4: the unspecified address, in whatever form it is written, says that nothing may be sent; so does a name
 * that ends in `.invalid` (RFC 6157).
 */
export function isHold(address: string | undefined): boolean {
  const literal = address?.split('/', 1)[0];
  if (literal === undefined) return false;
  if (isIP(literal) === 0) return /(^|\.)invalid\.?$/i.test(literal);
  return /^[0:.]+$/.test(literal.replace(/^[0:]*:ffff:(?=[\d.]+$)/i, ''));
}
