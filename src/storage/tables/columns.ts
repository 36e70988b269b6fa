import { z } from 'zod';

// Schemas that the columns of several tables share.

/** The end of the year 9999: times beyond it cannot be written as ISO 8601 dates. */
const LATEST = 253_402_300_799_999;

export const text = z.string();
export const key = z.string().min(1);
/** Milliseconds since 1970. */
export const time = z.number().min(0).max(LATEST);
/** Milliseconds. */
export const duration = z.number().min(0).max(LATEST);
export const count = z.int().min(0);
/** Micros: whole numbers that are exact. */
export const amount = z.int();
export const price = z.int().min(0);
export const fault = z.object({ code: text, message: text });
export const object = z.record(z.string(), z.unknown());
export const texts = z.record(z.string(), z.string());
/** Text for SIP header fields: a line break would begin another field (RFC 3261 §25.1 allows HTAB). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not occur.
export const line = z.string().regex(/^[^\x00-\x08\x0a-\x1f\x7f]*$/, 'has control characters');
export const routeMode = z.enum(['webhook', 'reject', 'sip']);
