import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { checkDocumentText } from '../../contract/actions/index.ts';
import { speechRules } from '../../contract/speech-rules.ts';
import type { UrlRules } from '../../contract/urls.ts';
import {
  createDocumentFetcher,
  createSounds,
  Flows,
  type Streams,
  withBuiltinDocuments,
} from '../actions/index.ts';
import { holdMusic, type SoundDecoder } from '../audio/index.ts';
import { Admission, Conferences, type Dialer, Switchboard } from '../calls/index.ts';
import type { Config } from '../config.ts';
import { detach, explain } from '../core/index.ts';
import { type HttpClient, whyNotPublic } from '../net/index.ts';
import { totalOf, type UserAgent } from '../sip/index.ts';
import { type CallStreams, type StreamCounts, streamsOfCalls } from '../streams/index.ts';
import type { Data } from './data-folder.ts';
import { speakerWithServers } from './insights.ts';
import { checkRtpPorts } from './listening.ts';
import type { Deps } from './platform.ts';
import { type Recordings, recorderFor } from './recordings.ts';

/** Speech synthesis, the decoder of sound files, and the media engine. */
export type AudioModules = Awaited<ReturnType<typeof openSound>>;

/** Opens the speech engine, the sound decoder and the media engine, each with its own threads. */
export async function openSound(deps: Deps) {
  const { config, scope, network } = deps;
  const speaker = deps.speechEngine({ cacheDir: join(resolve(config.dataDir), 'speech') });
  scope.defer('speech', () => speaker.close());
  const voices = speaker.voices();
  detach('speech.prune', speaker.prune());
  const decoder = deps.soundDecoder();
  scope.defer('sound decoder', () => decoder.close());
  const { sipHost: host, rtpPorts: ports, mediaWorkers: workers, mediaTimeoutSeconds: quietSeconds } = config;
  await checkRtpPorts(ports, host, network);
  const media = await deps.mediaEngine({ workers, ports, host, quietSeconds });
  scope.defer('media engine', () => media.close());
  return { speaker, voices: await voices, decoder, media };
}

/** What runs calls. */
export type Calls = ReturnType<typeof openCalls>;

interface CallParts extends AudioModules, Recordings {
  http: HttpClient;
  userAgent: Pick<UserAgent, 'counters'>;
  /** A dialer that charges the customer. */
  dialer: Dialer;
}

/** Creates the flows that perform actions, the switchboard with the live calls, and admission control. */
export function openCalls(deps: Deps, data: Data, parts: CallParts) {
  const { clock, log, config } = deps;
  const { storage, billing, sensitive } = data;
  const streamCounts: StreamCounts = { open: 0, started: 0, failed: 0, dropped: 0 };
  const flows = openFlows(deps, data, parts, streamCounts);
  const switchboard = new Switchboard({
    journal: billing.journal,
    clock,
    log,
    ids: storage.ids,
    runFlow: (session) => flows.run(session),
    sensitive,
    maxSeconds: config.maxCallSeconds,
  });
  const admission = openAdmission(deps, data, { ...parts, switchboard });
  return { flows, switchboard, admission, streamCounts };
}

function openFlows(deps: Deps, data: Data, parts: CallParts, streamCounts: StreamCounts): Flows {
  const { clock, log, scope } = deps;
  const { directory, secretBox } = data;
  const { http, speaker, dialer, recordingsOf } = parts;
  const streams = openStreams(deps, data, streamCounts);
  return new Flows({
    clock,
    speaker: speakerWithServers({ speaker, directory, http, clock, log }),
    // The voices load while the application is asked for actions or the callee's phone rings, and not at the start: an
    // idle server needs neither their memory nor their thread.
    warmVoices() {
      speaker.warm().catch((error) => {
        if (!scope.closed) log.warn({ error: explain(error) }, 'could not preload the voice');
      });
    },
    sounds: openSounds(deps, http, parts.decoder),
    documents: openDocuments(deps, data, parts),
    recorder: (session) => recorderFor(recordingsOf(session)),
    streams: (session) => streamsFor(streams(session)),
    dialer,
    conferences: new Conferences(),
    holdMusic,
    seal: (secret) => secretBox.seal(secret),
    settings: (applicationId) => directory.application(applicationId),
  });
}

/** Returns which URLs customers may configure. */
export const urlRules = ({ allowPrivateUrls }: Pick<Config, 'allowPrivateUrls'>): UrlRules => ({
  allowPrivateUrls,
  whyPrivate: (host) => (isIP(host) === 0 ? undefined : whyNotPublic(host)),
});

/** Fetches action documents and checks them. */
function openDocuments({ config, clock, log }: Deps, { directory }: Data, { http, voices }: CallParts) {
  const embedded = speechRules(voices);
  const check = (text: string, base: string, applicationId: string) => {
    // The speech server of an application has voices that are unknown here.
    const speech = directory.application(applicationId)?.ai?.speechModel ? undefined : embedded;
    return checkDocumentText(text, { ...urlRules(config), base, speech });
  };
  return withBuiltinDocuments(createDocumentFetcher({ http, clock, log, check }));
}

/** Fetches and decodes the sound files of `play`. */
const openSounds = ({ config, clock, log }: Deps, http: HttpClient, decoder: SoundDecoder) =>
  createSounds({
    http,
    decode: (file, job) => decoder.decode(file, job),
    folder: join(resolve(config.dataDir), 'sounds'),
    allowPrivateUrls: config.allowPrivateUrls,
    clock,
    log,
  });

function openStreams(deps: Deps, { storage, directory }: Data, counts: StreamCounts) {
  const { config, clock, random } = deps;
  const allowPrivate = config.allowPrivateUrls;
  return streamsOfCalls({
    clock,
    random,
    ids: storage.ids,
    connect: deps.webSockets({ allowPrivate }),
    allowPrivate,
    secrets: (applicationId) => directory.application(applicationId)?.webhookSecrets ?? [],
    counts,
  });
}

/** Adapts a call's streams to what the actions need. */
const streamsFor = (streams: CallStreams): Streams => ({
  start: async (options) => void (await streams.start(options)),
  stop: (which) => void streams.stop(which),
});

function openAdmission(
  { config, clock, log, scope, load }: Deps,
  { storage }: Data,
  { switchboard, media, userAgent }: { switchboard: Switchboard } & Pick<CallParts, 'media' | 'userAgent'>,
): Admission {
  const admission = new Admission({
    ...load,
    calls: () => switchboard.size,
    messages: () => totalOf(userAgent.counters.transport, 'received'),
    media: () => media.load,
    writable: () => storage.trouble === undefined,
    maxCalls: config.maxCalls,
    clock,
    log,
  });
  scope.defer('admission', () => admission.close());
  return admission;
}
