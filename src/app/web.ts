import type { Flows } from '../actions/index.ts';
import { createApi, type LiveCalls } from '../api/index.ts';
import { type Dialer, explainRefusal, type Session, type Switchboard } from '../calls/index.ts';
import type { Config } from '../config.ts';
import { Failure } from '../core/index.ts';
import type { Insights } from '../insights/index.ts';
import type { HttpClient } from '../net/index.ts';
import { type CallRecordings, FileLinks } from '../recordings/index.ts';
import { Deliveries } from '../webhooks/index.ts';
import { type AudioModules, type Calls, urlRules } from './calls.ts';
import type { Data } from './data-folder.ts';
import { cannotListen } from './listening.ts';
import { metricsOf } from './metrics.ts';
import { callPlacer } from './place-call.ts';
import { type Deps, version } from './platform.ts';
import type { Recordings } from './recordings.ts';
import type { Telephony } from './telephony.ts';

/** Starts webhook deliveries, beginning with the events that an earlier process has not delivered. */
export async function openWebhooks(
  { clock, random, log, scope }: Deps,
  { storage, directory, secretBox, sensitive }: Data,
  http: HttpClient,
): Promise<Deliveries> {
  const deliveries = new Deliveries({
    store: storage,
    http,
    clock,
    random,
    ids: storage.ids,
    log,
    open: (secret) => secretBox.open(secret),
    sensitive,
    target: (applicationId) => {
      const { webhookUrl, webhookSecrets } = directory.application(applicationId) ?? {};
      return webhookUrl && webhookSecrets ? { url: webhookUrl, secrets: webhookSecrets } : undefined;
    },
  });
  scope.defer('webhooks', () => deliveries.close());
  await deliveries.start();
  storage.onCommitted.on((events) => deliveries.enqueue(events));
  return deliveries;
}

interface RestParts extends Calls, Recordings, AudioModules, Omit<Telephony, 'dialer'> {
  dialer: Dialer;
  deliveries: Deliveries;
  insights: Insights;
}

/** Starts the REST API. @returns its URL. */
export async function openRest(deps: Deps, data: Data, parts: RestParts): Promise<string> {
  const { config, clock, random, log, scope } = deps;
  const { storage, directory, billing } = data;
  const { deliveries, insights, switchboard, admission, flows, media } = parts;
  let publicUrl = config.publicUrl;
  const key = Buffer.from((await data.secrets.get('file-links')).value, 'hex');
  const api = createApi({
    directory,
    voices: parts.voices,
    calls: storage,
    live: liveCalls(switchboard, flows, parts.recordingsOf),
    registrations: parts.states,
    place: callPlacer(parts.dialer, switchboard, flows, admission),
    idempotency: storage,
    billing,
    ledger: storage,
    quarantine: storage,
    node: { number: config.node, startedAt: clock.now(), media: () => media.load },
    recordings: storage,
    eraser: parts.eraser,
    files: parts.files,
    links: new FileLinks({ publicUrl: () => publicUrl, key, clock }),
    insights: { store: storage, reprocess: (call) => insights.reprocess(call) },
    events: storage,
    deliveries,
    clock,
    random,
    log,
    async ready() {
      await storage.ping();
      const { refusalCause } = admission;
      if (refusalCause) throw new Failure('not_ready', explainRefusal(refusalCause));
    },
    metrics: metricsOf({ ...parts, storage, clock }),
    settings: {
      version,
      adminToken: data.adminToken.value,
      ...urlRules(config),
      ...accessRules(config),
    },
  });
  scope.defer('REST API', () => api.close());
  const { httpHost: host, httpPort: port } = config;
  const settings = { hostSetting: 'MINIVOICE_HTTP_HOST', portSetting: 'MINIVOICE_HTTP_PORT' };
  const url = await deps.serve(api, host, port).catch(cannotListen({ ...settings, host, port }));
  publicUrl ||= url;
  return url;
}

/** What the API does with live calls. */
function liveCalls(
  switchboard: Switchboard,
  flows: Flows,
  recordingsOf: (session: Session) => CallRecordings,
): LiveCalls {
  return {
    get size() {
      return switchboard.size;
    },
    has: (callId) => switchboard.session(callId) !== undefined,
    hangup: (callId) => switchboard.hangup(callId),
    perform: (callId, actions) => flows.takeOver(callId, actions),
    recordings(callId) {
      const session = switchboard.session(callId);
      return session && recordingsOf(session);
    },
  };
}

/** Returns which proxies are trusted, and who may read the metrics. */
const accessRules = ({ httpHost, metricsToken, trustedProxies }: Config) => ({
  trustedProxies,
  metrics: { token: metricsToken, open: metricsToken === '' && isLoopback(httpHost) },
});

const isLoopback = (host: string): boolean => /^(127\.|::1$|\[::1\]$|localhost$)/.test(host);
