import { billedDialer } from '../billing/index.ts';
import type { Config } from '../config.ts';
import { detach, Scope } from '../core/index.ts';
import { openCalls, openSound } from './calls.ts';
import { openData } from './data-folder.ts';
import { openInsights } from './insights.ts';
import { openPendingByes } from './pending-byes.ts';
import type { Deps, Platform } from './platform.ts';
import { openRecordings } from './recordings.ts';
import { listenForCalls, openTelephony } from './telephony.ts';
import { openRest, openWebhooks } from './web.ts';

/** The running application. */
export interface App {
  /** The URL of the REST API, such as `http://127.0.0.1:8080`. */
  http: string;
  /** The address of SIP, such as `127.0.0.1:5060`. */
  sip: string;
  adminToken: string;
  /** Whether this start generated the admin token. */
  isAdminTokenNew: boolean;
  /** The file of the admin token; undefined if it is a setting. */
  adminTokenFile: string | undefined;
  /**
   * Stops the application.
   *
   * It takes no more calls, lets running calls continue for `drainMs` milliseconds or until `hasten` is aborted, hangs
   * up on them, delivers webhooks for as long again, and closes everything.
   */
  stop(drainMs: number, hasten?: AbortSignal): Promise<void>;
}

/** Longer than the 15 s for finishing recordings, shorter than the 20 s that `command-line.ts` allows. */
const CLOSE_DEADLINE_MS = 16_000;

/**
 * Starts the application: opens all modules from storage to SIP, and connects them.
 *
 * Work that an earlier process left unfinished is finished before the first call is taken. If a module cannot be
 * opened, those that are open are closed again, and the promise rejects.
 */
export async function startApp(config: Config, platform: Platform): Promise<App> {
  const { clock, log } = platform;
  const scope = new Scope({ clock, log, deadlineMs: CLOSE_DEADLINE_MS });
  try {
    return await openModules({ ...platform, config, scope });
  } catch (error) {
    await scope.close();
    throw error;
  }
}

async function openModules(deps: Deps): Promise<App> {
  const { config, scope } = deps;
  const data = await openData(deps);
  const http = deps.httpClient({ allowPrivate: config.allowPrivateUrls });
  scope.defer('HTTP client', () => http.close());
  const deliveries = await openWebhooks(deps, data, http);
  const recordings = await openRecordings(deps, data);
  const insights = await openInsights({ ...deps, ...data, ...recordings, http });
  const sound = await openSound(deps);
  const telephonyParts = { ...deps, directory: data.directory, media: sound.media };
  const telephony = openTelephony(telephonyParts);
  const billed = { ...telephony, dialer: billedDialer(telephony.dialer, data.billing) };
  const calls = openCalls(deps, data, { http, ...recordings, ...sound, ...billed });
  const rest = await openRest(deps, data, {
    deliveries,
    insights,
    ...recordings,
    ...calls,
    ...sound,
    ...billed,
  });
  const sendPendingByes = await openPendingByes({ ...deps, ...billed, store: data.storage });
  const sip = await listenForCalls(telephonyParts, telephony, calls);
  detach('app.pending-byes', sendPendingByes());
  const { adminToken } = data;
  return {
    http: rest,
    sip: `${sip.address}:${sip.port}`,
    adminToken: adminToken.value,
    isAdminTokenNew: adminToken.isNew,
    adminTokenFile: 'file' in adminToken ? adminToken.file : undefined,
    async stop(drainMs, hasten) {
      calls.admission.suspend('draining');
      await calls.switchboard.drain(drainMs, hasten);
      await deliveries.drain(drainMs, hasten);
      await scope.close();
    },
  };
}
