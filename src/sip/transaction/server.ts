import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Flow, Hop } from '../transport/index.ts';

/** A request that came, waiting for its response. */
export interface ServerTransaction {
  readonly request: SipRequest;
  /** Where its responses go. */
  readonly flow: Flow;
  /** Where it came from. */
  readonly source: Hop;
  /** What To says in every response of ours, where the request has no tag; undefined: a new tag will do. */
  readonly toTag?: string | undefined;
  readonly terminated: boolean;
  /** Any number of provisional responses, then one final one; what comes after it is dropped. */
  respond(response: SipResponse): void;
  /** Takes a repetition of the request, or the ACK. */
  receive(request: SipRequest): void;
  terminate(): void;
}
