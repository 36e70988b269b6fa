import type { DatabaseSync } from 'node:sqlite';

/**
 * Collects every statement that is prepared from now on.
 * @returns a function that returns their query plans: a line for each table that a statement reads, such as
 * `SEARCH events USING INDEX events_parked (next_attempt_at<?)`.
 */
export function notePlans(database: DatabaseSync): () => string[] {
  const texts = new Set<string>();
  const prepare = database.prepare.bind(database);
  database.prepare = (text, ...options) => {
    texts.add(text);
    return prepare(text, ...options);
  };
  return () => {
    const plans = [...texts].flatMap((text) => prepare(`EXPLAIN QUERY PLAN ${text}`).all());
    texts.clear();
    return plans.map(({ detail }) => String(detail));
  };
}
