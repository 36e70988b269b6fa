import { detach } from '../../kit/index.ts';
import { ACCEPT } from '../core.ts';
import type { SipRequest } from '../message/index.ts';
import { abilities, type Reply, refusalStatus, reply } from '../reply.ts';
import { requireUnderstood } from '../require.ts';
import type { ServerTransaction } from '../transaction/index.ts';
import type { RequestHook } from './dialog.ts';
import type { InviteDialog } from './invite-dialog.ts';

/** Answers a request inside a dialog that is alive, by its method; BYE is the dialog's own. */
export function answerInDialog(dialog: InviteDialog, transaction: ServerTransaction): void {
  const { core } = dialog;
  if (!requireUnderstood(core, transaction)) return;
  switch (transaction.request.method) {
    case 'INVITE':
    case 'UPDATE':
      detach('sip.requests', dialog.modification.receive(transaction));
      break;
    case 'PRACK':
      if (dialog.onPrack) dialog.onPrack(transaction);
      else reply(core, transaction, 481, { why: 'No response waits for this PRACK' });
      break;
    case 'INFO':
      detach('sip.requests', ask(dialog, transaction, dialog.onInfo, plainInfo));
      break;
    case 'REFER':
      detach(
        'sip.requests',
        ask(
          dialog,
          transaction,
          dialog.onRefer,
          () => ({ status: 603, why: 'REFER is not followed here' }),
          202,
        ),
      );
      break;
    case 'NOTIFY':
      detach(
        'sip.requests',
        ask(dialog, transaction, dialog.onNotify, () => ({
          status: 481,
          why: 'There is no such subscription here',
        })),
      );
      break;
    case 'OPTIONS':
      reply(core, transaction, 200, { headers: [...abilities(), ['Accept', ACCEPT]] });
      break;
    default:
      reply(core, transaction, 405, {
        headers: abilities(),
        why: `${transaction.request.method} is not understood in a call`,
      });
      break;
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
    reply(
      core,
      transaction,
      refusalStatus(core, error, `${transaction.request.method} could not be answered`),
    );
  }
}
