import { join } from 'node:path';
import type { Config } from '../config.ts';
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
import type { Deps } from './platform.ts';

interface InsightDeps extends Pick<Deps, 'config' | 'log' | 'clock' | 'scope'> {
  /** The data folder. */
  folder: string;
  storage: Storage;
  directory: Directory;
  http: HttpClient;
  files: RecordingFiles;
}

/** Whether an application wants its recordings transcribed and an engine is available. */
export const wantsInsights = ({ recognizer }: Config, application: Application | undefined): boolean =>
  Boolean(application?.aiEnabled && (recognizer !== 'off' || application.ai?.transcriptionModel));

/** Recordings processed at the same time, of which the recognizer takes `MINIVOICE_TRANSCRIPTIONS`. */
const CONCURRENCY = 16;
/** The share of one customer, whose AI server may not answer. */
const CONCURRENCY_PER_CUSTOMER = 2;

/** Returns the applications of the customer that an application belongs to. */
function siblingsOf(directory: Directory, applicationId: string): string[] {
  const customerId = directory.application(applicationId)?.customerId;
  if (customerId === undefined) return [applicationId];
  return directory.applicationsOf(customerId).map(({ id }) => id);
}

/** Starts the transcription and analysis of recordings, including those that an earlier process left. */
export async function openInsights(deps: InsightDeps): Promise<Insights> {
  const { config, log, clock, scope, storage, directory, files } = deps;
  const insights = new Insights({
    store: storage,
    journal: storage,
    calls: storage,
    recordings: storage,
    files,
    engines: openEngines(deps),
    settings: (applicationId) => directory.application(applicationId),
    clock,
    log,
    node: config.node,
    concurrency: CONCURRENCY,
    concurrencyPerCustomer: Math.max(CONCURRENCY_PER_CUSTOMER, config.transcriptions),
    siblings: (applicationId) => siblingsOf(directory, applicationId),
  });
  scope.defer('insights', () => insights.close());
  await insights.start();
  storage.onCommitted.on((events) => {
    if (events.some(({ event }) => event === 'recording.completed')) insights.wake();
  });
  return insights;
}

/** Returns the engines by application: its own servers first, then the embedded ones. */
function openEngines({ config, log, clock, scope, folder, directory, http }: InsightDeps) {
  const heuristic = new HeuristicAnalyst({ clock, log });
  scope.defer('analysis', () => heuristic.close());
  const model = config.recognizer;
  const recognizer =
    model === 'off'
      ? undefined
      : createRecognizer({
          model,
          folder: join(folder, 'speech'),
          concurrency: config.transcriptions,
          clock,
          log,
        });
  if (recognizer) scope.defer('recognizer', () => recognizer.close());
  const servers = new UnresponsiveServers(http, clock);
  const embedded = recognizer && new EmbeddedTranscriber(recognizer);
  return (applicationId: string): Engines => {
    const { ai, language, customerId } = directory.application(applicationId) ?? {};
    const client = servers.client(`${customerId} ${ai?.baseUrl}`, customerId);
    const server = ai ? { http: client, baseUrl: ai.baseUrl, apiKey: ai.apiKey } : undefined;
    const transcriptionModel = server && ai?.transcriptionModel;
    const chatModel = server && ai?.chatModel;
    return {
      transcribers: [
        ...(transcriptionModel
          ? [new OpenAiTranscriber({ ...server, model: transcriptionModel, language: language ?? null })]
          : []),
        ...(embedded ? [embedded] : []),
      ],
      analysts: [...(chatModel ? [new OpenAiAnalyst({ ...server, model: chatModel })] : []), heuristic],
    };
  };
}

/** Speaks with the embedded voices, or with the server of an application that has configured one. */
export const speakerWithServers = ({
  speaker,
  directory,
  http,
  clock,
  log,
}: { speaker: Speaker } & Pick<InsightDeps, 'directory' | 'http' | 'clock' | 'log'>): Speaker =>
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
