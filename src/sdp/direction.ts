import type { Description, Media } from './description.ts';

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

/** What a description says of one of its media, where the one that wrote it holds the call included. */
export function directionOf(description: Description, media: Media): Direction {
  const said = (attributes: readonly (readonly [string, string?])[]) =>
    attributes.find(([name]) => DIRECTIONS.includes(name))?.[0] as Direction | undefined;
  const direction = said(media.attributes) ?? said(description.attributes) ?? 'sendrecv';
  return isHold(media.address ?? description.address) ? both(direction, 'sendonly') : direction;
}

/** RFC 3264 §8.4: the old way to say that nothing may be sent here. */
export function isHold(address: string | undefined): boolean {
  return address === '0.0.0.0' || address === '::';
}
