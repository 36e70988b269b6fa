/** Something that is wrong with a document or a request, at one place in it. */
export interface Detail {
  /** JSON pointer (RFC 6901) to the place. */
  pointer: string;
  code: string;
  message: string;
  expected?: string;
  found?: string;
}

/**
 * The one exception of the house: a code from the catalogue in `contract/errors.ts`, and a sentence that a
 * person can act on. Everything else that is thrown is a defect.
 */
export class Failure extends Error {
  readonly code: string;
  readonly details: Detail[] | undefined;

  constructor(code: string, message: string, options: { cause?: unknown; details?: Detail[] } = {}) {
    super(message, { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.details = options.details;
  }
}

/** A sentence about anything that was thrown, with its causes: `connect failed: ECONNREFUSED`. */
export function explain(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.message || ((thrown as { code?: string }).code ?? thrown.name);
  if (!thrown.cause) return own;
  const why = explain(thrown.cause);
  return own.endsWith(why) ? own : `${own}: ${why}`;
}
