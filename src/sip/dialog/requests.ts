import { detach } from '../../core/index.ts';
import { ACCEPT } from '../core.ts';
import type { SipRequest } from '../message/index.ts';
import { abilities, type Reply, refusalOf, reply } from '../reply.ts';
import { requireUnderstood } from '../require.ts';
import type { ServerTransaction } from '../transaction/index.ts';
import type { RequestHook } from './dialog.ts';
import type { InviteDialog } from './invite-dialog.ts';

/** Answers a request inside a dialog that is alive, by its method; BYE is the dialog's own. */
export function answerInDialog(dialog: InviteDialog, transaction: ServerTransaction): void {
  if (requireUnderstood(dialog.core, transaction)) detach('sip.requests', answer(dialog, transaction));
}

const NOT_FOLLOWED: Reply = { status: 603, why: 'REFER is not followed here' };
const NO_SUBSCRIPTION: Reply = { status: 481, why: 'There is no such subscription here' };

function answer(dialog: InviteDialog, transaction: ServerTransaction): Promise<void> | undefined {
  const { core } = dialog;
  switch (transaction.request.method) {
    case 'INVITE':
    case 'UPDATE':
      return dialog.modification.receive(transaction);
    case 'PRACK':
      if (dialog.onPrack) dialog.onPrack(transaction);
      else reply(core, transaction, 481, { why: 'No response waits for this PRACK' });
      return undefined;
    case 'INFO':
      return ask(dialog, transaction, dialog.onInfo, plainInfo);
    case 'REFER':
      return ask(dialog, transaction, dialog.onRefer, () => NOT_FOLLOWED, 202);
    case 'NOTIFY':
      return ask(dialog, transaction, dialog.onNotify, () => NO_SUBSCRIPTION);
    case 'OPTIONS':
      reply(core, transaction, 200, { headers: [...abilities(), ['Accept', ACCEPT]] });
      return undefined;
    default:
      reply(core, transaction, 405, {
        headers: abilities(),
        why: `${transaction.request.method} is not understood in a call`,
      });
      return undefined;
  }
}

/** RFC 6086: without a package and a body it only asks whether we are there. */
const plainInfo = ({ body }: SipRequest): Reply =>
  body.length > 0
    ? { status: 415, headers: [['Accept', '']], why: 'No body is understood in an INFO' }
    : { status: 200 };

async function ask(
  { core, contact }: InviteDialog,
  transaction: ServerTransaction,
  hook: RequestHook | undefined,
  otherwise: (request: SipRequest) => Reply,
  usual = 200,
): Promise<void> {
  try {
    const { request } = transaction;
    const {
      status,
      headers = [],
      ...parts
    } = hook ? ((await hook(request)) ?? { status: usual }) : otherwise(request);
    reply(core, transaction, status, { ...parts, headers: [['Contact', contact], ...headers] });
  } catch (error) {
    const refusal = refusalOf(core, error, `${transaction.request.method} could not be answered`);
    reply(core, transaction, refusal.status, refusal);
  }
}
