import type { PendingByeStore } from '../calls/index.ts';
import { explain, type Log } from '../core/index.ts';
import type { Dialog, Login, PendingBye, UserAgent } from '../sip/index.ts';

interface Ports {
  userAgent: Pick<UserAgent, 'dialogs' | 'request'>;
  store: PendingByeStore;
  /** The login of that name, where the peer asks who we are. */
  login(account: string): Login | undefined;
  log: Log;
}

const keyOf = ({ callId, localTag }: Dialog): string => `${callId} ${localTag}`;

/**
 * Keeps with every call that is up what it takes to hang up on its peer, for the process that comes after a crash.
 * @returns what hangs up on the peers of the process before this one, where they can still be reached; to be called
 * when SIP is open. It never rejects.
 */
export async function openPendingByes({ userAgent, store, login, log }: Ports): Promise<() => Promise<void>> {
  const left = await store.pendingByes();
  const failed = (error: unknown) => log.warn({ error: explain(error) }, 'a farewell could not be kept');
  const keep = (dialog: Dialog) => {
    store.keepPendingBye(keyOf(dialog), dialog.pendingBye).catch(failed);
  };
  userAgent.dialogs.confirmed.on(keep);
  userAgent.dialogs.moved.on(keep);
  userAgent.dialogs.ended.on((dialog) => {
    store.dropPendingBye(keyOf(dialog)).catch(failed);
  });
  const say = async (key: string, { account, ...pendingBye }: PendingBye) => {
    const credentials = account === undefined ? undefined : login(account);
    const { status } = await userAgent.request({ ...pendingBye, credentials });
    log.info({ peer: pendingBye.target, status }, 'a peer of before the crash was hung up on');
    await store.dropPendingBye(key);
  };
  return async () => {
    const said = left.map(({ key, pendingBye }) => say(key, pendingBye as PendingBye).catch(failed));
    await Promise.all(said);
  };
}
