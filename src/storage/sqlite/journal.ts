import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BillingChange } from '../../billing/index.ts';
import type { EventDraft } from '../../calls/index.ts';
import type { InsightsChange } from '../../insights/index.ts';
import { type Ids, Signal } from '../../kit/index.ts';
import type { AttemptRecord, EventRecord, OutboxStore } from '../../webhooks/index.ts';
import {
  attemptLayout,
  callLayout,
  eventLayout,
  recordingLayout,
  timelineLayout,
  toParameters,
  type Value,
} from '../layouts.ts';
import type { writeTexts } from '../statements.ts';
import type { Change } from '../storage.ts';
import type { BillingWrites } from './billing-writes.ts';
import type { GroupCommit } from './group-commit.ts';
import type { InsightWrites } from './insight-writes.ts';

type Statements = Record<keyof ReturnType<typeof writeTexts>, StatementSync>;
type Progress = Parameters<OutboxStore['saveEventState']>[0];

/** A change as it was when it was handed over: rows that nobody can alter any more. */
interface Snapshot {
  call: Value[] | undefined;
  recording: Value[] | undefined;
  events: EventDraft[];
  lines: Value[][];
  insights: InsightsChange | undefined;
  billing: BillingChange | undefined;
}

/** Everything that is written while calls run. */
export class SqliteJournal {
  readonly onCommitted = new Signal<EventRecord[]>();
  #group: GroupCommit;
  #statements: Statements;
  #insights: InsightWrites;
  #billing: BillingWrites;
  #ids: Ids;
  #hasWebhook: (applicationId: string) => boolean;

  constructor(options: {
    database: DatabaseSync;
    group: GroupCommit;
    texts: ReturnType<typeof writeTexts>;
    insights: InsightWrites;
    billing: BillingWrites;
    ids: Ids;
    hasWebhook(applicationId: string): boolean;
  }) {
    this.#group = options.group;
    this.#statements = prepare(options.database, options.texts);
    this.#insights = options.insights;
    this.#billing = options.billing;
    this.#ids = options.ids;
    this.#hasWebhook = (applicationId) => options.hasWebhook(applicationId);
  }

  async commit(change: Change): Promise<void> {
    const snapshot = snapshotOf(change);
    const events = await this.#group.write(() => this.#write(snapshot));
    if (events.length > 0) this.onCommitted.emit(events);
  }

  async saveAttempt(attempt: AttemptRecord, event: Progress): Promise<void> {
    const row = toParameters(attemptLayout, attempt);
    const progress = progressOf(event);
    await this.#group.write(() => {
      this.#statements.addAttempt.run(...row);
      this.#statements.setEventState.run(...progress);
    });
  }

  async saveEventState(event: Progress): Promise<void> {
    const progress = progressOf(event);
    await this.#group.write(() => this.#statements.setEventState.run(...progress));
  }

  #write(change: Snapshot): EventRecord[] {
    if (change.insights) this.#insights.write(change.insights);
    if (change.billing) this.#billing.write(change.billing);
    if (change.call) this.#statements.saveCall.run(...change.call);
    if (change.recording) this.#statements.saveRecording.run(...change.recording);
    for (const line of change.lines) this.#statements.addLine.run(...line);
    return change.events.map((draft) => this.#addEvent(draft));
  }

  #addEvent(draft: EventDraft): EventRecord {
    const { call, event, data } = draft;
    const pending = this.#hasWebhook(call.applicationId);
    const record: EventRecord = {
      id: this.#ids.next('evt'),
      callId: call.id,
      applicationId: call.applicationId,
      event,
      sequence: this.#nextSequence(draft),
      eventKey: this.#eventKey(draft),
      createdAt: draft.at,
      call,
      data,
      state: pending ? 'pending' : 'unsent',
      attempts: 0,
      nextAttemptAt: pending ? draft.at : null,
    };
    this.#statements.addEvent.run(...toParameters(eventLayout, record));
    return record;
  }

  #nextSequence({ call, event }: EventDraft): number {
    const row = this.#statements.nextSequence.get(call.id);
    if (!row) throw new Error(`${event} cannot be kept: there is no call ${call.id}`);
    return row['last_sequence'] as number;
  }

  /** Contract 6: `<call_id>:<event>`, and from the second of its kind on `<call_id>:<event>:2`, … */
  #eventKey({ call, event }: EventDraft): string {
    const earlier = this.#statements.countEvents.get(call.id, event)?.['count'] as number;
    return earlier === 0 ? `${call.id}:${event}` : `${call.id}:${event}:${earlier + 1}`;
  }
}

function prepare(database: DatabaseSync, texts: ReturnType<typeof writeTexts>): Statements {
  const statements = Object.entries(texts).map(([name, text]) => [name, database.prepare(text)]);
  return Object.fromEntries(statements);
}

function snapshotOf({ call, recording, events = [], timeline = [], insights, billing }: Change): Snapshot {
  return {
    call: call && toParameters(callLayout, call),
    recording: recording && toParameters(recordingLayout, recording),
    events: events.map((draft) => ({ ...draft, call: copy(draft.call), data: copy(draft.data) })),
    lines: timeline.map((line) => [...toParameters(timelineLayout, line), line.callId]),
    insights,
    billing,
  };
}

/** What is told is what is kept: the value as it comes back from its JSON text. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** In the order of the `setEventState` text. */
function progressOf({ state, attempts, nextAttemptAt, id }: Progress): Value[] {
  return [state, attempts, nextAttemptAt, id];
}
