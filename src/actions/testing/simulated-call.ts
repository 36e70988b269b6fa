import { type Action, checkDocument } from '../../../contract/actions/index.ts';
import {
  type CallRecord,
  type CallRoute,
  Conferences,
  type DialRequest,
  type EventDraft,
  type Session,
  Switchboard,
  type TimelineEntry,
} from '../../calls/index.ts';
import { SimulatedDialedLeg, SimulatedLeg } from '../../calls/testing/simulated-leg.ts';
import { Failure, Ids, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { type DocumentRequest, Flows, type Services, type Settings } from '../index.ts';
import { oneClip } from '../playback.ts';

type Answer = object | Error | ((request: DocumentRequest) => object);

/** Runs a call in virtual time: with documents by URL, and speech of one second per ten letters. */
export class SimulatedCall {
  readonly clock = new VirtualClock();
  readonly leg = new SimulatedLeg(this.clock);
  readonly events: EventDraft[] = [];
  readonly timeline: TimelineEntry[] = [];
  readonly requests: DocumentRequest[] = [];
  readonly recorded: string[] = [];
  /** The options with which each text was spoken. */
  readonly spoken: object[] = [];
  /** How many times the voices were loaded. */
  warmed = 0;
  /** The legs that the call dialed, in order. */
  readonly dialed: (SimulatedDialedLeg & { destination: string; request: DialRequest })[] = [];
  readonly conferences = new Conferences();
  readonly settings: Settings = {
    answerMethod: 'POST',
    fallbackAnswerUrl: null,
    webhookUrl: 'https://app.example/events',
    webhookSecrets: [],
    faultMessage: null,
    voice: null,
    language: null,
    recordCalls: false,
  };
  readonly flows: Flows;
  readonly over: Promise<void>;
  record: CallRecord | undefined;
  #documents: Record<string, Answer>;
  #switchboard: Switchboard;

  /** The sealed form of secrets; default: a text without the secret. */
  sealed: string | undefined;

  /** Whether the customer is charged for dialed legs. */
  charged = false;

  constructor(
    documents: Record<string, Answer>,
    settings: Partial<Settings> = {},
    more: Partial<CallRoute> = {},
    /** The first actions, which replace those of a document. */
    given?: object[],
  ) {
    this.#documents = documents;
    Object.assign(this.settings, settings);
    this.flows = new Flows(this.#services());
    this.#switchboard = new Switchboard({
      journal: { commit: async (change) => this.#write(change) },
      clock: this.clock,
      log: silentLog,
      ids: new Ids(this.clock),
      runFlow: (session) => this.flows.run(session, given && actionsOf(given)),
    });
    const route: CallRoute = {
      customerId: 'cust_1',
      applicationId: 'app_1',
      answerUrl: 'https://app.example/answer',
      routeMode: 'webhook',
      routingTarget: 'app_1',
      ...more,
    };
    this.over = this.#switchboard.arrive({ leg: this.leg, from: '+15550001', to: '+15550002', route });
  }

  /** The session while the call is live. */
  get session(): Session | undefined {
    return this.#switchboard.session(this.record!.id);
  }

  /** Advances the clock. */
  seconds(count: number): Promise<void> {
    return this.clock.advance(count * 1000);
  }

  /** Sends actions to the live call. */
  takeOver(actions: object[]): void {
    this.flows.takeOver(this.record!.id, actionsOf(actions));
  }

  /** The names of the reported events, in order. */
  get reported(): string[] {
    return this.events.map(({ event }) => event);
  }

  /** The actions performed, in order: `say completed`, `transfer failed not_available_yet`, … */
  get done(): string[] {
    return this.timeline
      .filter(({ kind }) => kind === 'action')
      .map(({ data }) => [data['type'], data['status'], (data['error'] as { code?: string })?.code])
      .map((words) => words.filter(Boolean).join(' '));
  }

  #write(change: { call?: CallRecord; events?: EventDraft[]; timeline?: TimelineEntry[] }): void {
    if (change.call) this.record = change.call;
    this.events.push(...(change.events ?? []));
    this.timeline.push(...(change.timeline ?? []));
  }

  #services(): Services {
    const silence = (ms: number) => ({ samples: new Int16Array(new SharedArrayBuffer(ms * 16)) });
    const note = (text: string) => async () => void this.recorded.push(text);
    return {
      clock: this.clock,
      speaker: {
        speak: (text, options) => {
          this.spoken.push(options ?? {});
          return oneClip(silence(text.length * 100));
        },
      },
      warmVoices: () => void this.warmed++,
      sounds: { fetch: async () => ({ play: () => oneClip(silence(1000)), release() {} }) },
      documents: { fetch: async (request) => this.#document(request) },
      recorder: () => ({
        start: note('start'),
        stop: note('stop'),
        pause: (mode) => note(`pause ${mode}`)(),
        resume: note('resume'),
        silently: async (run) => {
          this.recorded.push('silent');
          await run();
          this.recorded.push('heard');
        },
      }),
      settings: () => this.settings,
      dialer: {
        checkRefer: () => {
          if (this.charged) throw new Failure('transfer_failed', 'it cannot be charged');
        },
        dial: async (request) => {
          const leg = new SimulatedDialedLeg(this.clock, request);
          this.dialed.push(Object.assign(leg, { destination: request.destination, request }));
          return leg;
        },
      },
      conferences: this.conferences,
      holdMusic: () => silence(1000),
      seal: (secret) => this.sealed ?? `sealed:${secret.length} characters`,
      streams: () => ({
        start: ({ streamUrl, track }) => void this.recorded.push(`stream ${track} to ${streamUrl}`),
        stop: ({ streamUrl }) => void this.recorded.push(`no more stream to ${streamUrl ?? 'anyone'}`),
      }),
    };
  }

  #document(request: DocumentRequest) {
    this.requests.push(request);
    const answer = this.#documents[new URL(request.url).pathname];
    request.onExchange({ url: request.url, status: answer instanceof Error ? 500 : answer ? 200 : 404 });
    if (!answer) throw new Failure('answer_url_error', 'answered 404');
    if (answer instanceof Error) throw answer;
    const verdict = checkDocument({ actions: typeof answer === 'function' ? answer(request) : answer });
    if (verdict.ok) return verdict.actions;
    throw new Failure('answer_url_error', 'invalid action payload', { details: verdict.details });
  }
}

function actionsOf(actions: object[]): Action[] {
  const verdict = checkDocument({ actions });
  if (!verdict.ok) throw new Error(JSON.stringify(verdict.details));
  return verdict.actions;
}
