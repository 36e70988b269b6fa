import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Flow } from '../transport/index.ts';

/** Who sent a request, and is told what comes of it. */
export interface ClientUser {
  /** Every provisional response, then the final one; for INVITE every 2xx, also repeated ones. */
  response(response: SipResponse): void;
  /** Instead of a final response: nobody answered in time (Timers B and F), or it could not be sent. */
  failed(cause: 'timeout' | 'transport_error'): void;
  /** Nothing of the transaction is left. */
  ended?(): void;
  /** Whether the request was taken back while the connection for it was opened: it is not sent then. */
  unwanted?(): boolean;
}

/** A request on its way. */
export interface ClientTransaction {
  /** As sent, with its Via. */
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly terminated: boolean;
  receive(response: SipResponse): void;
  /** Ends it silently. */
  terminate(): void;
  /** Ends it, and reports the cause to its user. */
  fail(cause: 'timeout' | 'transport_error'): void;
}
