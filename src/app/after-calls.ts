import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Clock, Log, Scope } from '../core/index.ts';
import type { Application, Directory } from '../directory/index.ts';
import {
  EmbeddedTranscriber,
  type Engines,
  HeuristicAnalyst,
  Insights,
  OpenAiAnalyst,
  OpenAiTranscriber,
  UnresponsiveServers,
} from '../insights/index.ts';
import type { HttpClient } from '../net/index.ts';
import type { RecordingFiles } from '../recordings/index.ts';
import { createRecognizer, createServerSpeaker, type Speaker } from '../speech/index.ts';
import type { Storage } from '../storage/index.ts';

interface Surroundings {
  config: Config;
  log: Log;
  clock: Clock;
  scope: Scope;
  /** The data folder. */
  folder: string;
  storage: Storage;
  directory: Directory;
  http: HttpClient;
  files: RecordingFiles;
}

/** Whether an application's recordings are to be transcribed, and there is an engine that can. */
export const wantsInsights = ({ recogniser }: Config, application: Application | undefined): boolean =>
  Boolean(application?.aiEnabled && (recogniser !== 'off' || application.ai?.transcriptionModel));

/** Recordings that are worked on at the same time; the recognizer takes `MINIVOICE_TRANSCRIPTIONS` of them. */
const JOBS_AT_ONCE = 16;
/** One customer's AI server that does not answer holds no more places than these. */
const JOBS_PER_CUSTOMER = 2;

/** The applications of the customer that one belongs to. */
function siblingsOf(directory: Directory, applicationId: string): string[] {
  const customerId = directory.application(applicationId)?.customerId;
  if (customerId === undefined) return [applicationId];
  return directory.applicationsOf(customerId).map(({ id }) => id);
}

/** What happens with recordings after the call; goes on with what a former process has left. */
export async function openInsights(around: Surroundings): Promise<Insights> {
  const { config, log, clock, scope, storage, directory, files } = around;
  const insights = new Insights({
    store: storage,
    journal: storage,
    calls: storage,
    recordings: storage,
    files,
    engines: openEngines(around),
    settings: (applicationId) => directory.application(applicationId),
    clock,
    log,
    node: config.node,
    atOnce: JOBS_AT_ONCE,
    atOncePerCustomer: Math.max(JOBS_PER_CUSTOMER, config.transcriptions),
    siblings: (applicationId) => siblingsOf(directory, applicationId),
  });
  scope.defer(() => insights.close());
  await insights.start();
  storage.onCommitted.on((events) => {
    if (events.some(({ event }) => event === 'recording.completed')) insights.wake();
  });
  return insights;
}

/** The application's own server first, where it has named one; then what comes with the program. */
function openEngines({ config, log, clock, scope, folder, directory, http }: Surroundings) {
  const heuristic = new HeuristicAnalyst({ clock, log });
  scope.defer(() => heuristic.close());
  const model = config.recogniser;
  const recognizer =
    model === 'off'
      ? undefined
      : createRecognizer({
          model,
          folder: join(folder, 'speech'),
          atOnce: config.transcriptions,
          clock,
          log,
        });
  if (recognizer) scope.defer(() => recognizer.close());
  const servers = new UnresponsiveServers(http, clock);
  const embedded = recognizer && new EmbeddedTranscriber(recognizer);
  return (applicationId: string): Engines => {
    const { ai, language, customerId } = directory.application(applicationId) ?? {};
    const client = servers.client(`${customerId} ${ai?.baseUrl}`, customerId);
    const server = ai ? { http: client, baseUrl: ai.baseUrl, apiKey: ai.apiKey } : undefined;
    const hears = server && ai?.transcriptionModel;
    const thinks = server && ai?.chatModel;
    return {
      transcribers: [
        ...(hears ? [new OpenAiTranscriber({ ...server, model: hears, language: language ?? null })] : []),
        ...(embedded ? [embedded] : []),
      ],
      analysts: [...(thinks ? [new OpenAiAnalyst({ ...server, model: thinks })] : []), heuristic],
    };
  };
}

/** The voice that comes with the program, but for applications that have named a server to speak for them. */
export const speakerWithServers = ({
  speaker,
  directory,
  http,
  clock,
  log,
}: { speaker: Speaker } & Pick<Surroundings, 'directory' | 'http' | 'clock' | 'log'>): Speaker =>
  createServerSpeaker({
    http,
    fallback: speaker,
    clock,
    log,
    server(applicationId) {
      const ai = applicationId === undefined ? undefined : directory.application(applicationId)?.ai;
      if (!ai?.speechModel) return undefined;
      return { baseUrl: ai.baseUrl, apiKey: ai.apiKey, model: ai.speechModel, voice: ai.speechVoice };
    },
  });
