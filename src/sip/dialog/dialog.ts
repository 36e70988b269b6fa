import { Signal } from '../../core/index.ts';
import {
  type Body,
  callIdOf,
  type ExtraHeaders,
  fromOf,
  type Reply,
  type SipRequest,
  type SipResponse,
  toOf,
} from '../message/index.ts';
import type { ServerTransaction } from '../transaction/index.ts';
import type { Hop } from '../transport/index.ts';

/** How a dialog ended. */
export interface DialogEnd {
  /** `timeout`: the peer no longer responds. `fault`: the peer's behavior made the call impossible. */
  by: 'remote' | 'local' | 'timeout' | 'fault';
  /**
   * The cause of a `timeout` or `fault`. Timeouts: no ACK for our 200, no session refresh, no response to a request.
   * Fault: no usable answer to our offer.
   */
  code?: 'no_ack' | 'session_expired' | 'no_response' | 'no_usable_answer';
  /** A sentence for the log. */
  reason: string;
  /** The SIP status that ended it, if any. */
  status?: number;
}

/** Answers a request of the peer; undefined means 200. An error is answered with 500. */
export type RequestHook = (request: SipRequest) => Reply | undefined | Promise<Reply | undefined>;

/** The BYE of a dialog as plain data, so that it can be sent after a restart of the process. */
export interface PendingBye {
  method: 'BYE';
  target: string;
  destination: string | Hop;
  /** Source of the peer: if it is public, the BYE is not sent to a private address. */
  peer?: Hop;
  callId: string;
  seq: number;
  from: string;
  to: string;
  headers: [string, string][];
  /** Identifies the login that the peer has challenged; its secret is not stored here. */
  account?: string;
}

/** A dialog created by INVITE (RFC 3261 §12), as the application uses it. */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** The peer's From or To. */
  readonly remote: string;
  readonly phase: 'early' | 'confirmed' | 'terminated';
  /** The BYE to send after a restart. */
  readonly pendingBye: PendingBye;
  /** Resolves once; never rejects. */
  readonly ended: Promise<DialogEnd>;
  /**
   * Handles a change of the session by the peer (re-INVITE, UPDATE, PRACK). Returns our answer to an offer, or our
   * offer if there is none. A `Failure` refuses the change with 488, any other error with 500, and the session stays
   * unchanged. If unset, an offer is refused, and our last description is offered again.
   */
  onOffer: ((offer: string | undefined) => string | Promise<string>) | undefined;
  /**
   * Receives the peer's answer to an offer of `onOffer`, or of `accept` without an offer. A `Failure` means that the
   * answer is unusable, and ends the call.
   */
  onAnswer: ((sdp: string) => void) | undefined;
  /** If unset: 200 without a body, 415 with one. */
  onInfo: RequestHook | undefined;
  /** If unset: 481, because there is no subscription. */
  onNotify: RequestHook | undefined;
  /**
   * Offers a change of the session. Waits for a change in progress, and retries after a glare (491).
   * @returns the answer. @throws Failure `not_acceptable` if it is refused, `call_ended`.
   */
  reinvite(sdp: string): Promise<string>;
  /** Ends the call; resolves when the BYE is answered or has timed out. Idempotent. */
  bye(headers?: ExtraHeaders): Promise<void>;
  info(body: Body, headers?: ExtraHeaders): Promise<SipResponse>;
  /** Sends a REFER (RFC 3515); its outcome arrives as NOTIFY. @param target a URI, or a name-addr. */
  refer(target: string, headers?: ExtraHeaders): Promise<SipResponse>;
}

/** A dialog as the user agent dispatches messages to it. */
export interface ManagedDialog extends Dialog {
  /** Who sent the INVITE that created it. */
  readonly initiator: 'local' | 'remote';
  /** Receives every request of the peer except ACK and CANCEL. */
  receive(transaction: ServerTransaction): void;
  receiveAck(ack: SipRequest): void;
  /** Ends the dialog without a BYE. */
  discard(end: DialogEnd): void;
}

/** All dialogs of a user agent, early ones too, by Call-ID, local tag and remote tag (RFC 3261 §12). */
export class DialogTable {
  readonly confirmed: Signal<Dialog> = new Signal();
  /** Emitted for dialogs that were confirmed. */
  readonly ended: Signal<Dialog> = new Signal();
  /** Emitted when the remote target of a confirmed dialog has changed. */
  readonly moved: Signal<Dialog> = new Signal();
  #dialogs = new Map<string, ManagedDialog>();
  /** The dialogs that the peer initiated, by the Call-ID and From tag of its INVITE. */
  #byInvite = new Map<string, ManagedDialog>();

  get size(): number {
    return this.#dialogs.size;
  }

  add(dialog: ManagedDialog): void {
    this.#dialogs.set(dialogKey(dialog), dialog);
    if (dialog.initiator === 'remote') this.#byInvite.set(inviteKey(dialog), dialog);
  }

  remove(dialog: ManagedDialog): void {
    this.#dialogs.delete(dialogKey(dialog));
    const key = inviteKey(dialog);
    if (this.#byInvite.get(key) === dialog) this.#byInvite.delete(key);
  }

  /** Whether an INVITE repeats one that has created a dialog, after its transaction has ended. */
  hasDialogOf(invite: SipRequest): boolean {
    return this.#byInvite.has(inviteKey({ callId: callIdOf(invite), remoteTag: fromOf(invite).tag ?? '' }));
  }

  /** The dialog of a request from the peer. */
  find(request: SipRequest): ManagedDialog | undefined {
    const localTag = toOf(request).tag;
    if (localTag === undefined) return undefined;
    return this.#dialogs.get(
      dialogKey({ callId: callIdOf(request), localTag, remoteTag: fromOf(request).tag ?? '' }),
    );
  }

  [Symbol.iterator](): Iterator<ManagedDialog> {
    return [...this.#dialogs.values()][Symbol.iterator]();
  }
}

const inviteKey = ({ callId, remoteTag }: Pick<Dialog, 'callId' | 'remoteTag'>): string =>
  `${callId}\n${remoteTag}`;

const dialogKey = ({ callId, localTag, remoteTag }: Pick<Dialog, 'callId' | 'localTag' | 'remoteTag'>) =>
  `${callId}\n${localTag}\n${remoteTag}`;
