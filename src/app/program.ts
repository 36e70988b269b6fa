import { join, resolve } from 'node:path';
import { checkDocumentText } from '../../contract/actions/index.ts';
import { speechRules } from '../../contract/speech-rules.ts';
import { createDocumentFetcher, createSounds, Flows, withBuiltin } from '../actions/index.ts';
import { createApi } from '../api/index.ts';
import { createSoundDecoder, holdMusic } from '../audio/index.ts';
import { Billing, billedDialer } from '../billing/index.ts';
import {
  Admission,
  Conferences,
  type Dialer,
  endInterrupted,
  explainRefusal,
  SensitiveCalls,
  Switchboard,
} from '../calls/index.ts';
import type { Config } from '../config.ts';
import {
  type Clock,
  detach,
  explain,
  Failure,
  type Log,
  type Random,
  Scope,
  systemClock,
  systemRandom,
} from '../core/index.ts';
import { Directory, openSecretBox, seedDemo } from '../directory/index.ts';
import { enqueueingJournal, type Insights } from '../insights/index.ts';
import { createMediaEngine } from '../media/index.ts';
import { createHttpClient, type HttpClient, systemNetwork } from '../net/index.ts';
import { Eraser, FileLinks, RecordingFiles, recoverRecordings, ThreadFinisher } from '../recordings/index.ts';
import { createSpeaker } from '../speech/index.ts';
import { openSqliteStorage } from '../storage/index.ts';
import { createConnect, type StreamCounts, streamsOfCalls } from '../streams/index.ts';
import { Deliveries } from '../webhooks/index.ts';
import { openInsights, speakerWithServers, wantsInsights } from './after-calls.ts';
import { openDataFolder, withinDataFolder } from './data-folder.ts';
import { figuresOf } from './figures.ts';
import { cannotListen, checkRtpPorts } from './listening.ts';
import { liveCalls } from './live-calls.ts';
import { idleMs, memoryLeft } from './load.ts';
import { openPendingByes } from './pending-byes.ts';
import { callPlacer } from './place-call.ts';
import { recorderOver, recordingsOfCalls } from './recorder-of-call.ts';
import { accessRules, urlRules } from './rest-rules.ts';
import { Secrets } from './secrets.ts';
import { streamsOver } from './streams-of-call.ts';
import { type Lines, openInboundDoor, openLines } from './telephony.ts';
import { version } from './version.ts';

/** The running program. */
export interface Program {
  /** Where REST is, like `http://127.0.0.1:8080`. */
  http: string;
  /** Where SIP is, like `127.0.0.1:5060`. */
  sip: string;
  adminToken: string;
  /** The admin token was made just now, and nobody knows it yet. */
  adminTokenMade: boolean;
  /** Where the admin token is kept; undefined: it is a setting. */
  adminTokenFile: string | undefined;
  /**
   * Takes no more calls, lets the running ones go on for so many milliseconds, or until `hasten` is aborted, then
   * hangs up on them, delivers what can be delivered in as much time again, and closes everything.
   */
  stop(drainMs: number, hasten?: AbortSignal): Promise<void>;
}

/**
 * Builds every room, starts them from the ground up, and closes them in reverse. What a former process left
 * unfinished is finished before the first call is taken.
 */
export async function startProgram(config: Config, log: Log): Promise<Program> {
  const scope = new Scope();
  try {
    return await build({ config, log, clock: systemClock, random: systemRandom, scope });
  } catch (error) {
    await scope.close();
    throw error;
  }
}

/** What every room is built from. */
interface Deps {
  config: Config;
  log: Log;
  clock: Clock;
  random: Random;
  /** What is opened is closed with this, in reverse. */
  scope: Scope;
}

async function build(deps: Deps): Promise<Program> {
  const { config, scope } = deps;
  const data = await openData(deps);
  const http = createHttpClient({ allowPrivate: config.allowPrivateUrls, clock: deps.clock });
  scope.defer(() => http.close());
  const deliveries = await openDeliveries(deps, data, http);
  const recordings = await openRecordings(deps, data);
  const insights = await openInsights({ ...deps, ...data, ...recordings, http });
  const sound = await openSound(deps);
  const telephony = { ...deps, directory: data.directory, media: sound.media };
  const unbilled = openLines(telephony);
  const lines = { ...unbilled, dialer: billedDialer(unbilled.dialer, data.billing) };
  const calls = openCalls(deps, data, { http, ...recordings, ...sound, ...lines });
  const web = await openRest(deps, data, {
    deliveries,
    insights,
    ...recordings,
    ...calls,
    ...sound,
    ...lines,
  });
  const hangUpOnFormer = await openPendingByes({ ...deps, ...lines, store: data.storage });
  const sip = await openInboundDoor(telephony, unbilled, calls);
  detach('program.program', hangUpOnFormer());
  return {
    http: web,
    sip: `${sip.address}:${sip.port}`,
    adminToken: data.adminToken.value,
    adminTokenMade: data.adminToken.made,
    adminTokenFile: 'file' in data.adminToken ? data.adminToken.file : undefined,
    async stop(drainMs, hasten) {
      calls.admission.hold('draining');
      await calls.switchboard.drain(drainMs, hasten);
      await deliveries.drain(drainMs, hasten);
      await scope.close();
    },
  };
}

/** Short beside what a caller notices, long beside a transaction. */
const GATHER_MS = 3;

type Data = Awaited<ReturnType<typeof openData>>;

/** The data folder: its secrets, its database, and who is who. */
async function openData(deps: Deps) {
  const { folder, release } = await openDataFolder(deps.config.dataDir);
  deps.scope.defer(release);
  return withinDataFolder(folder, () => openFiles(deps, folder));
}

async function openFiles({ config, log, clock, random, scope }: Deps, folder: string) {
  const secrets = await Secrets.open(folder, random);
  const adminToken = config.adminToken
    ? { value: config.adminToken, made: false }
    : { ...(await secrets.get('admin-token')), file: secrets.path('admin-token') };
  // Storage asks the directory, and the directory is kept in storage: it answers when it is there.
  let known: Directory | undefined;
  const storage = await openSqliteStorage({
    file: join(folder, 'minivoice.db'),
    clock,
    log,
    node: config.node,
    gatherMs: GATHER_MS,
    hasWebhook: (applicationId) => known?.hasWebhook(applicationId) ?? false,
  });
  scope.defer(() => storage.close());
  const sealed = await openSecretBox(secrets.path('stored-secrets'), random);
  const { customerTrunkIpv4Prefix: ipv4, customerTrunkIpv6Prefix: ipv6 } = config;
  const directory = await Directory.open(storage, {
    ...{ clock, random, ids: storage.ids, secrets: sealed },
    customerPrefixes: { ipv4, ipv6 },
  });
  known = directory;
  await seedDemo(directory);
  const billing = await Billing.open({ store: storage, journal: storage, ids: storage.ids, clock, log });
  const sensitive = new SensitiveCalls(clock);
  return { folder, secrets, adminToken, storage, directory, billing, sealed, sensitive };
}

/** What former processes could not deliver goes out first. */
async function openDeliveries(deps: Deps, { storage, directory, sealed, sensitive }: Data, http: HttpClient) {
  const { clock, random, log, scope } = deps;
  const target = (applicationId: string) => {
    const { webhookUrl, webhookSecrets } = directory.application(applicationId) ?? {};
    return webhookUrl && webhookSecrets ? { url: webhookUrl, secrets: webhookSecrets } : undefined;
  };
  const open = (secret: string) => sealed.open(secret);
  const deliveries = new Deliveries({
    store: storage,
    http,
    clock,
    random,
    ids: storage.ids,
    log,
    open,
    sensitive,
    target,
  });
  scope.defer(() => deliveries.close());
  await deliveries.start();
  storage.onCommitted.on((events) => deliveries.enqueue(events));
  return deliveries;
}

/** Finishes what a crash cut off: first recordings, then calls, so that their events are in this order. */
async function openRecordings({ config, log, clock, scope }: Deps, data: Data) {
  const { folder, storage, directory, billing } = data;
  const files = new RecordingFiles(join(folder, 'recordings'));
  const finisher = new ThreadFinisher({ clock, log });
  scope.defer(() => finisher.close());
  const journal = enqueueingJournal(storage, (id) => wantsInsights(config, directory.application(id)));
  const ports = { journal, files, finisher };
  const calls = { call: (id: string) => storage.call(id), openCalls: () => storage.openCalls() };
  await recoverRecordings({ ...ports, ...calls, store: storage, clock, log });
  const interrupted = await endInterrupted(storage, billing.journal, clock);
  await billing.settleOrphanedCharges((id) => storage.call(id));
  if (interrupted > 0) log.warn({ calls: interrupted }, 'calls that a former process left open were ended');
  const eraser = new Eraser({ store: storage, files, clock, log });
  scope.defer(() => eraser.close());
  eraser.start({
    calls: config.callDays,
    recordings: config.recordingDays,
    events: config.eventDays,
    timelines: config.timelineDays,
    charges: config.chargeDays,
  });
  return { files, eraser, recordingsOf: recordingsOfCalls(ports) };
}

/** The threads that speak, decode, and carry RTP. */
async function openSound({ config, log, clock, random, scope }: Deps) {
  const speaker = createSpeaker({ cacheDir: join(resolve(config.dataDir), 'speech'), clock, log });
  scope.defer(() => speaker.close());
  const voices = await speaker.voices();
  speaker.warm().catch((error) => {
    if (!scope.closed) log.warn({ error: explain(error) }, 'the voice could not be warmed up');
  });
  const decoder = createSoundDecoder({ clock, log });
  scope.defer(() => decoder.close());
  const { sipHost: host, rtpPorts: ports, mediaWorkers: workers, mediaTimeoutSeconds: quietSeconds } = config;
  await checkRtpPorts(ports, host, systemNetwork);
  const media = await createMediaEngine({ workers, ports, host, quietSeconds, clock, random, log });
  scope.defer(() => media.close());
  return { speaker, voices, decoder, media };
}

/** Lines, with a dialer that charges for what it dials. */
type Billed = Omit<Lines, 'dialer'> & { dialer: Dialer };
type Sounding = Awaited<ReturnType<typeof openSound>>;
type Recorded = Awaited<ReturnType<typeof openRecordings>>;

/** What is done with calls: their flows, and the switchboard that keeps the live ones. */
function openCalls(
  { config, log, clock, random, scope }: Deps,
  { storage, directory, billing, sealed, sensitive }: Data,
  {
    http,
    speaker,
    voices,
    decoder,
    recordingsOf,
    dialer,
    media,
  }: Sounding & Recorded & Billed & { http: HttpClient },
) {
  const streamCounts: StreamCounts = { open: 0, started: 0, failed: 0, dropped: 0 };
  const streams = streamsOfCalls({
    clock,
    random,
    ids: storage.ids,
    connect: createConnect({ clock, allowPrivate: config.allowPrivateUrls }),
    allowPrivate: config.allowPrivateUrls,
    secrets: (applicationId) => directory.application(applicationId)?.webhookSecrets ?? [],
    counts: streamCounts,
  });
  const spoken = speechRules(voices);
  const check = (text: string, base: string, applicationId: string) => {
    // An application's own server speaks with whatever voice it has.
    const speech = directory.application(applicationId)?.ai?.speechModel ? undefined : spoken;
    return checkDocumentText(text, { ...urlRules(config), base, speech });
  };
  const flows = new Flows({
    clock,
    speaker: speakerWithServers({ speaker, directory, http, clock, log }),
    sounds: createSounds({
      http,
      decode: (file, job) => decoder.decode(file, job),
      folder: join(resolve(config.dataDir), 'sounds'),
      allowPrivateUrls: config.allowPrivateUrls,
      clock,
      log,
    }),
    documents: withBuiltin(createDocumentFetcher({ http, clock, log, check })),
    recorder: (session) => recorderOver(recordingsOf(session)),
    streams: (session) => streamsOver(streams(session)),
    dialer,
    conferences: new Conferences(),
    holdMusic,
    seal: (secret) => sealed.seal(secret),
    settings: (applicationId) => directory.application(applicationId),
  });
  const switchboard = new Switchboard({
    journal: billing.journal,
    clock,
    log,
    ids: storage.ids,
    runFlow: (session) => flows.run(session),
    sensitive,
    maxSeconds: config.maxCallSeconds,
  });
  const { maxCalls } = config;
  const writable = () => storage.trouble === undefined;
  const gauges = {
    idleMs,
    calls: () => switchboard.size,
    media: () => media.load,
    memory: memoryLeft,
    writable,
  };
  const admission = new Admission({ ...gauges, maxCalls, clock, log });
  scope.defer(() => admission.close());
  return { flows, switchboard, admission, streamCounts };
}

type Calling = ReturnType<typeof openCalls>;

/** REST, and the addresses of files that it serves. */
async function openRest(
  { config, log, clock, random, scope }: Deps,
  { storage, directory, secrets, adminToken, billing }: Data,
  parts: Calling & Recorded & Sounding & Billed & { deliveries: Deliveries; insights: Insights },
): Promise<string> {
  const { deliveries, insights, files, recordingsOf, switchboard, admission, flows, media, dialer, states } =
    parts;
  let publicUrl = config.publicUrl;
  const key = Buffer.from((await secrets.get('file-links')).value, 'hex');
  const api = createApi({
    directory,
    voices: parts.voices,
    calls: storage,
    live: liveCalls(switchboard, flows, recordingsOf),
    lines: states,
    place: callPlacer(dialer, switchboard, flows, admission),
    idempotency: storage,
    billing,
    ledger: storage,
    quarantine: storage,
    node: { number: config.node, startedAt: clock.now(), media: () => media.load },
    recordings: storage,
    eraser: parts.eraser,
    files,
    links: new FileLinks({ publicUrl: () => publicUrl, key, clock }),
    insights: { store: storage, reprocess: (call) => insights.reprocess(call) },
    events: storage,
    deliveries,
    clock,
    random,
    log,
    async ready() {
      await storage.ping();
      const { closed } = admission;
      if (closed) throw new Failure('not_ready', explainRefusal(closed));
    },
    figures: figuresOf({ ...parts, storage, clock }),
    settings: { version, adminToken: adminToken.value, ...urlRules(config), ...accessRules(config) },
  });
  scope.defer(() => api.close());
  const at = { hostSetting: 'MINIVOICE_HTTP_HOST', portSetting: 'MINIVOICE_HTTP_PORT' };
  const listening = { ...at, host: config.httpHost, port: config.httpPort };
  const url = await api.listen(config.httpHost, config.httpPort).catch(cannotListen(listening));
  publicUrl ||= url;
  return url;
}
