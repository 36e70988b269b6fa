import type { Page } from '../calls/index.ts';

/** The body of a list. */
export function presentPage<T, W>(page: Page<T>, present: (row: T) => W) {
  return { count: page.data.length, data: page.data.map(present), next_cursor: page.nextCursor };
}
