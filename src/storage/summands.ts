/** The condition that a column holds an exact integer. A damaged row may hold anything. */
export const isExact = (column: string): string =>
  `typeof(${column}) = 'integer' AND ${column} BETWEEN ${-Number.MAX_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}`;

/** An amount, or 0 where a damaged row has something else, which would break the sum. */
export const exact = (column: string): string => `iif(${isExact(column)}, ${column}, 0)`;

/** Whole seconds of a call, as `durations` counts them. @param row the name of its row. */
export const secondsOf = (row: 'old' | 'new' | 'calls'): string =>
  `iif(${row}.ended_at > ${row}.answered_at, (${row}.ended_at - ${row}.answered_at) / 1000, 0)`;
