import { Signal } from '../../core/index.ts';
import { callIdOf, fromOf, type SipRequest, toOf } from '../message/index.ts';
import type { Dialog } from './dialog.ts';
import type { InviteDialog } from './invite-dialog.ts';

/** All dialogs of a user agent, early ones too, under Call-ID, local tag and remote tag (RFC 3261 §12). */
export class Dialogs {
  /** Told of each dialog that has become a call, and later of the end of that call. */
  readonly confirmed: Signal<Dialog> = new Signal();
  readonly ended: Signal<Dialog> = new Signal();
  /** Told of each call whose other side is to be reached somewhere else from now on. */
  readonly moved: Signal<Dialog> = new Signal();
  #dialogs = new Map<string, InviteDialog>();
  /** Those that the other side has asked for, by what its INVITE said. */
  #asked = new Map<string, InviteDialog>();

  get size(): number {
    return this.#dialogs.size;
  }

  add(dialog: InviteDialog): void {
    const { state } = dialog;
    this.#dialogs.set(keyOf(state), dialog);
    if (state.initiator === 'remote') this.#asked.set(askedKey(state), dialog);
  }

  remove(dialog: InviteDialog): void {
    const { state } = dialog;
    this.#dialogs.delete(keyOf(state));
    if (this.#asked.get(askedKey(state)) === dialog) this.#asked.delete(askedKey(state));
  }

  /** Whether an INVITE outside of dialogs is one that has made a dialog already: its transaction is long forgotten. */
  hasMade(invite: SipRequest): boolean {
    return this.#asked.has(askedKey({ callId: callIdOf(invite), remoteTag: fromOf(invite).tag ?? '' }));
  }

  /** The dialog that a request from the other side belongs to. */
  find(request: SipRequest): InviteDialog | undefined {
    const localTag = toOf(request).tag;
    if (localTag === undefined) return undefined;
    return this.#dialogs.get(
      keyOf({ callId: callIdOf(request), localTag, remoteTag: fromOf(request).tag ?? '' }),
    );
  }

  [Symbol.iterator](): Iterator<InviteDialog> {
    return [...this.#dialogs.values()][Symbol.iterator]();
  }
}

const askedKey = (id: { callId: string; remoteTag: string }): string => `${id.callId}\n${id.remoteTag}`;

function keyOf(id: { callId: string; localTag: string; remoteTag: string }): string {
  return `${id.callId}\n${id.localTag}\n${id.remoteTag}`;
}
