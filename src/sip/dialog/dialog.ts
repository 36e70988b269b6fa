import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Body, ExtraHeaders, Reply } from '../reply.ts';
import type { Hop } from '../transport/index.ts';

/** How a dialog came to its end. */
export interface DialogEnd {
  /**
   * `timeout`: the other side has fallen silent: no ACK, no refresh, no response. `fault`: it did what the call cannot
   * survive.
   */
  by: 'remote' | 'local' | 'timeout' | 'fault';
  /**
   * What was waited for in vain, with `timeout`: our 200 had no ACK, the session no refresh, a request no response. With
   * `fault`: our offer had no answer that can be used.
   */
  code?: 'no_ack' | 'session_expired' | 'no_response' | 'no_usable_answer';
  /** A sentence for the log. */
  reason: string;
  /** The SIP status that ended it, where one did. */
  status?: number;
}

/** Answers a request of the other side; undefined is 200 (202 for REFER). What it throws is answered with 500. */
export type RequestHook = (request: SipRequest) => Reply | undefined | Promise<Reply | undefined>;

/** The request that ends a call, as plain data: a process that comes after this one can still send it. */
export interface PendingBye {
  method: 'BYE';
  target: string;
  destination: string | Hop;
  /** Where the other side was met: a public peer does not lead the request to a private address. */
  peer?: Hop;
  callId: string;
  seq: number;
  from: string;
  to: string;
  headers: [string, string][];
  /** Names the login that the other side has been given so far; its secret is not kept here. */
  account?: string;
}

/** A call between us and one other side (RFC 3261 §12), as its user sees it. */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** What the other side's From or To says. */
  readonly remote: string;
  readonly phase: 'early' | 'confirmed' | 'terminated';
  /** What hangs up on the other side when this process no longer can. */
  readonly pendingBye: PendingBye;
  /** Resolves once; never rejects. */
  readonly ended: Promise<DialogEnd>;
  /**
   * The other side changes the session (re-INVITE, UPDATE, PRACK): given an offer, returns our answer; given
   * undefined, returns our offer. A `Failure` refuses the change with 488, anything else thrown with 500; the
   * session goes on as it was. Unset, an offer is refused, and what we said last is offered again.
   */
  onOffer: ((offer: string | undefined) => string | Promise<string>) | undefined;
  /**
   * The other side's answer to an offer that `onOffer`, or `accept` without an offer, has made. A `Failure` says that it
   * cannot be used, which ends the call.
   */
  onAnswer: ((sdp: string) => void) | undefined;
  /** Unset: 200 when it has no body, else 415. */
  onInfo: RequestHook | undefined;
  /** Unset: 603. */
  onRefer: RequestHook | undefined;
  /** Unset: 481, since no subscription exists. */
  onNotify: RequestHook | undefined;
  /**
   * Offers a change of the session. Waits while another one goes on, and tries again after a glare (491).
   * @returns the answer. @throws Failure `not_acceptable` when it is refused, `call_ended`.
   */
  reinvite(sdp: string): Promise<string>;
  /** Ends the call; resolves when the BYE has been answered, or nobody did. Idempotent. */
  bye(headers?: ExtraHeaders): Promise<void>;
  info(body: Body, headers?: ExtraHeaders): Promise<SipResponse>;
  /** RFC 3515. What comes of it is told by NOTIFY. @param target a URI, or a name-addr. */
  refer(target: string, headers?: ExtraHeaders): Promise<SipResponse>;
  notify(event: string, subscriptionState: string, body?: Body): Promise<SipResponse>;
}
