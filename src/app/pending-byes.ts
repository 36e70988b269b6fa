import type { PendingByeStore } from '../calls/index.ts';
import { explain, type Log } from '../core/index.ts';
import type { Dialog, Login, PendingBye, UserAgent } from '../sip/index.ts';

interface Deps {
  userAgent: Pick<UserAgent, 'dialogs' | 'request'>;
  store: PendingByeStore;
  /** Returns the credentials of an account, for a peer that asks for authentication. */
  login(account: string): Login | undefined;
  log: Log;
}

const keyOf = ({ callId, localTag }: Dialog): string => `${callId} ${localTag}`;

/**
 * Stores the BYE of every confirmed dialog, so that the next process can hang up after a crash.
 * @returns a function that sends the BYEs which an earlier process left; call it once SIP listens. It never rejects.
 */
export async function openPendingByes({ userAgent, store, login, log }: Deps): Promise<() => Promise<void>> {
  const pending = await store.pendingByes();
  const failed = (error: unknown) =>
    log.warn({ error: explain(error) }, 'could not store or send a pending BYE');
  const keep = (dialog: Dialog) => {
    store.keepPendingBye(keyOf(dialog), dialog.pendingBye).catch(failed);
  };
  userAgent.dialogs.confirmed.on(keep);
  userAgent.dialogs.moved.on(keep);
  userAgent.dialogs.ended.on((dialog) => {
    store.dropPendingBye(keyOf(dialog)).catch(failed);
  });
  const send = async (key: string, { account, ...pendingBye }: PendingBye) => {
    const credentials = account === undefined ? undefined : login(account);
    const { status } = await userAgent.request({ ...pendingBye, credentials });
    log.info({ peer: pendingBye.target, status }, 'hung up on a peer of an earlier process');
    await store.dropPendingBye(key);
  };
  return async () => {
    const sent = pending.map(({ key, pendingBye }) => send(key, pendingBye as PendingBye).catch(failed));
    await Promise.all(sent);
  };
}
