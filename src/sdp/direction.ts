import { isIP } from 'node:net';
import type { Media } from './description.ts';

/** The direction of a stream, from the view of the sender of the description. */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

const DIRECTIONS: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

const sends = (direction: Direction) => direction === 'sendrecv' || direction === 'sendonly';
const receives = (direction: Direction) => direction === 'sendrecv' || direction === 'recvonly';

function of(send: boolean, receive: boolean): Direction {
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}

/** The same direction from the view of the other side. */
export function mirror(direction: Direction): Direction {
  return of(receives(direction), sends(direction));
}

/** The direction that both allow. */
export function both(one: Direction, other: Direction): Direction {
  return of(sends(one) && sends(other), receives(one) && receives(other));
}

/** The direction of a stream, including a hold by address. */
export function directionOf({ attributes, address }: Media): Direction {
  const stated = attributes.find(([name]) => DIRECTIONS.includes(name))?.[0] as Direction | undefined;
  return isHold(address) ? both(stated ?? 'sendrecv', 'sendonly') : (stated ?? 'sendrecv');
}

/**
 * Tests for a hold by address. It is the unspecified address in any notation (RFC 3264 §8.4), or a name that ends in
 * `.invalid` (RFC 6157).
 */
export function isHold(address: string | undefined): boolean {
  const literal = address?.split('/', 1)[0];
  if (literal === undefined) return false;
  if (isIP(literal) === 0) return /(^|\.)invalid\.?$/i.test(literal);
  return /^[0:.]+$/.test(literal.replace(/^[0:]*:ffff:(?=[\d.]+$)/i, ''));
}
