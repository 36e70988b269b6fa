import { Failure } from '../core/index.ts';

/** Where a page ended: the sort columns of its last row. */
export type Position = [number | string, ...(number | string)[]];

/** A position as the caller carries it about: opaque, safe in a URL. */
export function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * @param shape what the position consists of.
 * @throws Failure `invalid_cursor` for a cursor that this list did not give out.
 */
export function decodeCursor<T extends Position>(cursor: string, shape: ('number' | 'string')[]): T {
  const position = parse(Buffer.from(cursor, 'base64url').toString());
  const fits =
    Array.isArray(position) &&
    position.length === shape.length &&
    shape.every((kind, at) => typeof position[at] === kind);
  if (!fits) throw new Failure('invalid_cursor', 'cursor is not one that this list has given out');
  return position as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How the rows of a list are ordered. */
export interface Order {
  columns: readonly string[];
  kinds: ('number' | 'string')[];
  descending: boolean;
}

/** Sorts after every text that is one of ours. */
const AFTER_ALL = '\u{10ffff}';

/**
 * The position after a row, where what a damaged row holds is made something that the list can go on from. SQLite sorts
 * nothing before numbers, numbers before texts, and texts before octets: rows of another kind come first or last, and
 * are passed over. @returns undefined where only such rows follow.
 */
export function usablePosition(found: unknown[], { kinds, descending }: Order): Position | undefined {
  const edge = (kind: 'number' | 'string') => {
    if (kind === 'string') return descending ? AFTER_ALL : '';
    return descending ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  };
  const [first] = found;
  const [kind] = kinds;
  if (typeof first === kind) {
    return kinds.map((each, at) => (typeof found[at] === each ? found[at] : edge(each))) as Position;
  }
  const isBefore = rankOf(first) < (kind === 'number' ? 2 : 4);
  return isBefore === descending ? undefined : (kinds.map(edge) as Position);
}

/** In the order of SQLite, with integers that are too large to be exact apart from the numbers between them. */
function rankOf(value: unknown): number {
  if (value === null) return 0;
  if (typeof value === 'bigint') return value < 0n ? 1 : 3;
  if (typeof value === 'number') return 2;
  return typeof value === 'string' ? 4 : 5;
}
