import type { Chance } from '../chance.ts';

/** An input for a stream begins with so many octets that say where it is cut into segments. */
const CUTS = 8;

/** Bytes of a stream, with the places where they are cut. */
export const cutAnywhere = (chance: Chance, bytes: Buffer): Buffer =>
  Buffer.concat([chance.once(3) ? Buffer.alloc(CUTS) : chance.bytes(CUTS), bytes]);

/** The segments of such an input: up to nine, the first of them short ones. */
export function segmentsOf(input: Buffer): Buffer[] {
  const bytes = input.subarray(CUTS);
  const segments: Buffer[] = [];
  let from = 0;
  for (const cut of input.subarray(0, CUTS)) {
    // Half of the cuts are within a line or two, the others anywhere.
    const length = cut < 128 ? cut : (cut - 127) * 12;
    if (cut > 0 && from < bytes.length) segments.push(bytes.subarray(from, from + length));
    from += cut > 0 ? length : 0;
  }
  if (from < bytes.length) segments.push(bytes.subarray(from));
  return segments;
}
