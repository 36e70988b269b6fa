import type { Headers } from './headers.ts';
import type { SipResponse } from './message.ts';

/** What could be read of a request that is refused: enough to answer it. */
export interface PartialRequest {
  kind: 'request';
  method: string;
  headers: Headers;
}

/** Why a message is refused: the status to answer with, and a sentence that says what is wrong. */
export interface Refusal {
  status: number;
  message: string;
}

/** Bytes that are not SIP, or a field that is not what its grammar says. Nothing else is thrown by this room. */
export class SipSyntaxError extends Error implements Refusal {
  /** The status that answers a request like this: 400, 413, 416, 505 or 513. */
  readonly status: number;
  /** Set when the bytes are a request that has a Via; give it to `createResponse`. */
  readonly partial: PartialRequest | undefined;
  /** Set when the bytes are a response whose header fields were read: a 502 in its place, with the fault. */
  readonly response: SipResponse | undefined;

  constructor(
    message: string,
    options: {
      status?: number;
      partial?: PartialRequest | undefined;
      response?: SipResponse | undefined;
    } = {},
  ) {
    super(message);
    this.name = 'SipSyntaxError';
    this.status = options.status ?? 400;
    this.partial = options.partial;
    this.response = options.response;
  }
}
