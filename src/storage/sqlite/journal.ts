import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BillingChange } from '../../billing/index.ts';
import { type EventDraft, isFinal } from '../../calls/index.ts';
import { type Ids, Signal } from '../../core/index.ts';
import type { InsightsChange } from '../../insights/index.ts';
import type { AttemptRecord, EventRecord, OutboxStore } from '../../webhooks/index.ts';
import type { idempotencyTexts } from '../idempotency.ts';
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
import { unwritable } from './unwritable.ts';

type Texts = ReturnType<typeof writeTexts> & ReturnType<typeof idempotencyTexts>;
type Statements = Record<keyof Texts, StatementSync>;
type Progress = Parameters<OutboxStore['saveEventState']>[0];

const DAY_MS = 86_400_000;

/** A change as it was when it was handed over: rows that nobody can alter any more. */
interface Snapshot {
  call: Value[] | undefined;
  /** applicationId, key, requestHash, callId, at */
  repeatKey: Value[] | undefined;
  recording: Value[] | undefined;
  /** Its name, and since when it is obsolete. */
  obsoleteFile: Value[] | undefined;
  events: EventDraft[];
  lines: Value[][];
  insights: InsightsChange | undefined;
  billing: BillingChange | undefined;
}

/** Changes that are kept in memory while nothing can be written; of more than these only the ends of calls are. */
const MOST_KEPT = 50_000;

/** So many events lose their sealed digits in one transaction: nothing else runs meanwhile. */
const MOST_ERASED = 500;

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
    texts: Texts;
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
    const { trouble, waiting } = this.#group;
    if (trouble && waiting > MOST_KEPT && !isEnding(change)) throw unwritable(trouble);
    const snapshot = snapshotOf(change);
    const write = () => this.#write(snapshot);
    const tell = (events: EventRecord[]) => {
      if (events.length > 0) this.onCommitted.emit(events);
    };
    if (change.refusable) tell(await this.#group.write(write));
    else await this.#group.keep(write, tell);
  }

  async saveAttempt(attempt: AttemptRecord, event: Progress): Promise<void> {
    const row = toParameters(attemptLayout, attempt);
    const progress = this.#progress(event);
    await this.#group.keep(() => {
      this.#statements.addAttempt.run(...row, attempt.eventId);
      progress();
    });
  }

  async saveEventState(event: Progress): Promise<void> {
    await this.#group.keep(this.#progress(event));
  }

  /** Removes the sealed digits of events that happened before this moment. Rejects while nothing can be written. */
  async eraseSealed(before: number): Promise<void> {
    for (let rows = MOST_ERASED; rows === MOST_ERASED; )
      rows = await this.#group.write(() =>
        Number(this.#statements.eraseSealed.run(before, MOST_ERASED).changes),
      );
  }

  /** Writes the progress as it is now. */
  #progress(event: Progress): () => void {
    const progress = progressOf(event);
    const data = event.data && [JSON.stringify(event.data), event.id];
    return () => {
      this.#statements.setEventState.run(...progress);
      if (data) this.#statements.setEventData.run(...data);
    };
  }

  #write(change: Snapshot): EventRecord[] {
    if (change.insights) this.#insights.write(change.insights);
    if (change.billing) this.#billing.write(change.billing);
    if (change.call) this.#statements.saveCall.run(...change.call);
    if (change.repeatKey) this.#keepKey(change.repeatKey);
    if (change.recording) this.#statements.saveRecording.run(...change.recording);
    if (change.obsoleteFile) this.#statements.noteFile.run(...change.obsoleteFile);
    for (const line of change.lines) this.#statements.addLine.run(...line);
    return change.events.map((draft) => this.#addEvent(draft));
  }

  #keepKey(row: Value[]): void {
    this.#statements.forgetKeys.run((row.at(-1) as number) - DAY_MS);
    this.#statements.keepKey.run(...row);
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

/** What a call cannot be over without. */
const isEnding = ({ call, recording, billing }: Change): boolean =>
  Boolean((call && isFinal(call.status)) || recording || billing);

function prepare(database: DatabaseSync, texts: Texts): Statements {
  const statements = Object.entries(texts).map(([name, text]) => [name, database.prepare(text)]);
  return Object.fromEntries(statements);
}

function snapshotOf(change: Change): Snapshot {
  const { call, recording, events = [], timeline = [], insights, billing, repeatKey: key } = change;
  return {
    call: call && toParameters(callLayout, call),
    repeatKey: call && key && [call.applicationId, key.key, key.requestHash, call.id, call.createdAt],
    recording: recording && toParameters(recordingLayout, recording),
    obsoleteFile:
      change.obsoleteFile === undefined ? undefined : [change.obsoleteFile, recording?.updatedAt ?? 0],
    // No event tells the metadata, and a copy of it for each would fill memory and database.
    events: events.map((draft) => ({
      ...draft,
      call: copy({ ...draft.call, metadata: {} }),
      data: copy(draft.data),
    })),
    lines: timeline.map((line) => [...toParameters(timelineLayout, line), line.callId, line.callId]),
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
