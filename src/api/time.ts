import { rfc3339 } from '../core/index.ts';

/** A time on the wire, where there is one. */
export const timeOrNull = (ms: number | null): string | null => (ms === null ? null : rfc3339(ms));
