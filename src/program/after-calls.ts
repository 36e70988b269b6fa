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
} from '../insights/index.ts';
import type { Clock, Log, Scope } from '../kit/index.ts';
import type { HttpClient } from '../net/index.ts';
import type { RecordingFiles } from '../recordings/index.ts';
import { createRecogniser, createServerSpeaker, type Speaker } from '../speech/index.ts';
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
    atOnce: config.transcriptions,
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
  const heuristic = new HeuristicAnalyst();
  scope.defer(() => heuristic.close());
  const model = config.recogniser;
  const recogniser =
    model === 'off'
      ? undefined
      : createRecogniser({
          model,
          folder: join(folder, 'speech'),
          atOnce: config.transcriptions,
          clock,
          log,
        });
  if (recogniser) scope.defer(() => recogniser.close());
  const embedded = recogniser && new EmbeddedTranscriber(recogniser);
  return (applicationId: string): Engines => {
    const { ai, language } = directory.application(applicationId) ?? {};
    const server = ai ? { http, baseUrl: ai.baseUrl, apiKey: ai.apiKey } : undefined;
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
    otherwise: speaker,
    clock,
    log,
    server(applicationId) {
      const ai = applicationId === undefined ? undefined : directory.application(applicationId)?.ai;
      if (!ai?.speechModel) return undefined;
      return { baseUrl: ai.baseUrl, apiKey: ai.apiKey, model: ai.speechModel, voice: ai.speechVoice };
    },
  });
