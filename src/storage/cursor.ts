import type { Page } from '../calls/index.ts';
import { Failure } from '../kit/index.ts';

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

/** A page of rows read with one row more than `limit`, which tells whether there is a next page. */
export function toPage<R, T>(
  rows: R[],
  limit: number,
  read: (row: R) => T,
  position: (row: R) => Position,
): Page<T> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    data: rows.slice(0, limit).map(read),
    nextCursor: last ? encodeCursor(position(last)) : null,
  };
}
