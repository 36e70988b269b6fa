import { Failure } from '../core/index.ts';

/** The end of a page: the sort columns of its last row. */
export type Position = [number | string, ...(number | string)[]];

/** Encodes a position for API clients: opaque, and safe in a URL. */
export function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The type of a value of a position. A `number` of a damaged row may have a fraction. */
export type Kind = 'number' | 'integer' | 'string';

/**
 * Decodes a cursor.
 * @param shape the types of the position's values.
 * @throws Failure `invalid_cursor` for a cursor of another list.
 */
export function decodeCursor<T extends Position>(cursor: string, shape: Kind[]): T {
  const position = parse(Buffer.from(cursor, 'base64url').toString());
  const fits =
    Array.isArray(position) &&
    position.length === shape.length &&
    shape.every((kind, at) => isOf(kind, position[at]));
  if (!fits) throw new Failure('invalid_cursor', 'cursor does not belong to this list');
  return position as T;
}

const isOf = (kind: Kind, value: unknown): boolean =>
  kind === 'integer' ? Number.isSafeInteger(value) : typeof value === kind;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The order of the rows of a list. */
export interface Order {
  columns: readonly string[];
  kinds: ('number' | 'string')[];
  descending: boolean;
}

/** Sorts after every key that this program writes. */
const LAST_TEXT = '\u{10ffff}';

/**
 * Returns the position after a row. Values of a damaged row are replaced by ones that the list can continue from: SQLite
 * sorts null before numbers, numbers before texts, and texts before blobs, so rows with values of another type come
 * first or last, and are skipped.
 * @returns undefined where only such rows follow.
 */
export function usablePosition(found: unknown[], { kinds, descending }: Order): Position | undefined {
  const edge = (kind: 'number' | 'string') => {
    if (kind === 'string') return descending ? LAST_TEXT : '';
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

/** Ranks values as SQLite sorts them. Integers that are too large to be exact rank before or after all numbers. */
function rankOf(value: unknown): number {
  if (value === null) return 0;
  if (typeof value === 'bigint') return value < 0n ? 1 : 3;
  if (typeof value === 'number') return 2;
  return typeof value === 'string' ? 4 : 5;
}
