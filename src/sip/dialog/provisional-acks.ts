import { detach } from '../../core/index.ts';
import { cseqOf, type SipRequest, type SipResponse } from '../message/index.ts';
import { hasOption } from '../reply.ts';
import type { InviteDialog } from './invite-dialog.ts';

/** RFC 3262 §4: acknowledges the reliable provisional responses to one INVITE of ours, in their order. */
export class ProvisionalAcks {
  #dialog: InviteDialog;
  #last: number | undefined;

  constructor(dialog: InviteDialog) {
    this.#dialog = dialog;
  }

  /** @returns is it to be heeded? A repeated one and one that came too early are not. */
  take(response: SipResponse, invite: SipRequest): boolean {
    if (!isReliable(response)) return true;
    const rseq = Number(response.headers.get('RSeq'));
    if (this.#last !== undefined && rseq !== this.#last + 1) return false;
    this.#last = rseq;
    detach(
      'sip.provisional-acks',
      this.#dialog.request('PRACK', [['RAck', `${rseq} ${cseqOf(invite).number} INVITE`]]),
    );
    return true;
  }
}

/** Does it want a PRACK? Without a number that can be read it cannot have one. */
const isReliable = (response: SipResponse): boolean =>
  hasOption(response, 'Require', '100rel') && /^\d{1,10}$/.test(response.headers.get('RSeq') ?? '');
