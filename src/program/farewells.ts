import type { FarewellStore } from '../calls/index.ts';
import { explain, type Log } from '../kit/index.ts';
import type { Dialog, Farewell, Login, UserAgent } from '../sip/index.ts';

interface Ports {
  userAgent: Pick<UserAgent, 'dialogs' | 'request'>;
  store: FarewellStore;
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
export async function openFarewells({ userAgent, store, login, log }: Ports): Promise<() => Promise<void>> {
  const left = await store.farewells();
  const failed = (error: unknown) => log.warn({ error: explain(error) }, 'a farewell could not be kept');
  const keep = (dialog: Dialog) => {
    store.keepFarewell(keyOf(dialog), dialog.farewell).catch(failed);
  };
  userAgent.dialogs.confirmed.on(keep);
  userAgent.dialogs.moved.on(keep);
  userAgent.dialogs.ended.on((dialog) => {
    store.dropFarewell(keyOf(dialog)).catch(failed);
  });
  const say = async (key: string, { account, ...farewell }: Farewell) => {
    const credentials = account === undefined ? undefined : login(account);
    const { status } = await userAgent.request({ ...farewell, credentials });
    log.info({ peer: farewell.target, status }, 'a peer of before the crash was hung up on');
    await store.dropFarewell(key);
  };
  return async () => {
    const said = left.map(({ key, farewell }) => say(key, farewell as Farewell).catch(failed));
    await Promise.all(said);
  };
}
