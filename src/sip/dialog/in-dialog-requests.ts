import { detach } from '../../core/index.ts';
import type { Reply, SipRequest } from '../message/index.ts';
import type { ServerTransaction } from '../transaction/index.ts';
import { ACCEPT, capabilityHeaders, checkRequire, errorReply, reply, type UaContext } from '../ua-context.ts';
import type { Dialog, RequestHook } from './dialog.ts';

/** The part of a dialog that answers requests. */
interface AnsweringDialog extends Pick<Dialog, 'onInfo' | 'onNotify'> {
  readonly ua: UaContext;
  readonly contact: string;
  readonly modification: { receive(transaction: ServerTransaction): Promise<void> };
  readonly onPrack: ((transaction: ServerTransaction) => void) | undefined;
}

/** Answers a request within a dialog, except BYE, by its method (RFC 3261 §12.2.2). */
export function answerInDialog(dialog: AnsweringDialog, transaction: ServerTransaction): void {
  if (checkRequire(dialog.ua, transaction)) detach('sip.in-dialog-request', answer(dialog, transaction));
}

/** A far end cannot transfer the call: only the application decides where it goes. */
const REFER_DECLINED: Reply = { status: 603, why: 'REFER is not followed here' };
const NO_SUBSCRIPTION: Reply = { status: 481, why: 'There is no such subscription here' };

function answer(dialog: AnsweringDialog, transaction: ServerTransaction): Promise<void> | undefined {
  const { ua } = dialog;
  switch (transaction.request.method) {
    case 'INVITE':
    case 'UPDATE':
      return dialog.modification.receive(transaction);
    case 'PRACK':
      if (dialog.onPrack) dialog.onPrack(transaction);
      else reply(ua, transaction, 481, { why: 'No response waits for this PRACK' });
      return undefined;
    case 'INFO':
      return callHook(dialog, transaction, dialog.onInfo, answerInfo);
    case 'REFER':
      return callHook(dialog, transaction, undefined, () => REFER_DECLINED);
    case 'NOTIFY':
      return callHook(dialog, transaction, dialog.onNotify, () => NO_SUBSCRIPTION);
    case 'OPTIONS':
      reply(ua, transaction, 200, { headers: [...capabilityHeaders(), ['Accept', ACCEPT]] });
      return undefined;
    default:
      reply(ua, transaction, 405, {
        headers: capabilityHeaders(),
        why: `${transaction.request.method} is not supported within a call`,
      });
      return undefined;
  }
}

/** RFC 6086: an INFO without a package and body only checks that the dialog exists. */
const answerInfo = ({ body }: SipRequest): Reply =>
  body.length > 0
    ? { status: 415, headers: [['Accept', '']], why: 'INFO is supported without a body only' }
    : { status: 200 };

async function callHook(
  { ua, contact }: AnsweringDialog,
  transaction: ServerTransaction,
  hook: RequestHook | undefined,
  otherwise: (request: SipRequest) => Reply,
): Promise<void> {
  try {
    const { request } = transaction;
    const {
      status,
      headers = [],
      ...parts
    } = hook ? ((await hook(request)) ?? { status: 200 }) : otherwise(request);
    reply(ua, transaction, status, { ...parts, headers: [['Contact', contact], ...headers] });
  } catch (error) {
    const refusal = errorReply(ua, error, `could not answer ${transaction.request.method}`);
    reply(ua, transaction, refusal.status, refusal);
  }
}
