/** One problem in a document or a request, with its location. */
export interface Detail {
  /** JSON pointer (RFC 6901) to the value that is wrong. */
  pointer: string;
  code: string;
  message: string;
  expected?: string;
  found?: string;
}

/**
 * An expected failure: a code from `contract/errors.ts` and a message that a person can act on. It is the only exception
 * that MiniVoice throws on purpose; everything else that is thrown is a defect.
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

/** Describes a thrown value and its causes in one line: `connect failed: ECONNREFUSED`. */
export function explain(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.message || ((thrown as { code?: string }).code ?? thrown.name);
  if (!thrown.cause) return own;
  const cause = explain(thrown.cause);
  return own.endsWith(cause) ? own : `${own}: ${cause}`;
}
