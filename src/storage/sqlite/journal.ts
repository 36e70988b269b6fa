import type { DatabaseSync } from 'node:sqlite';
import { isFinal } from '../../calls/index.ts';
import { Signal } from '../../core/index.ts';
import type { AttemptRecord, EventRecord, OutboxStore } from '../../webhooks/index.ts';
import type { Change } from '../storage.ts';
import { tables } from '../tables/index.ts';
import { ChangeWriter, type ChangeWriterDeps, snapshotOf } from './change-writer.ts';
import { unwritable } from './database.ts';
import { EventNumbers } from './event-numbers.ts';
import type { GroupCommit } from './group-commit.ts';
import { prepareAll, WRITES, type WriteStatements } from './statements.ts';

type Progress = Parameters<OutboxStore['saveEventState']>[0];

/** Changes kept in memory while nothing can be written. Beyond this, only changes that end calls are accepted. */
const MAX_KEPT = 50_000;

/** Events that lose their sealed digits in one transaction: nothing else runs meanwhile. */
const MAX_ERASED = 500;

/** Writes everything that changes during calls. */
export class SqliteJournal {
  readonly onCommitted = new Signal<EventRecord[]>();
  #group: GroupCommit;
  #statements: WriteStatements;
  #writer: ChangeWriter;

  constructor(database: DatabaseSync, group: GroupCommit, deps: ChangeWriterDeps) {
    this.#group = group;
    this.#statements = prepareAll(database, WRITES);
    const numbers = new EventNumbers(this.#statements);
    group.onUndone = () => numbers.clear();
    this.#writer = new ChangeWriter(this.#statements, numbers, deps);
  }

  async commit(change: Change): Promise<void> {
    const { trouble, waiting } = this.#group;
    if (trouble && waiting > MAX_KEPT && !isEnding(change)) throw unwritable(trouble);
    const snapshot = snapshotOf(change);
    const write = () => this.#writer.write(snapshot);
    const report = (events: EventRecord[]) => {
      if (events.length > 0) this.onCommitted.emit(events);
    };
    if (change.refusable) report(await this.#group.write(write));
    else await this.#group.keep(write, report);
  }

  async saveAttempt(attempt: AttemptRecord, event: Progress): Promise<void> {
    const row = tables.attempts.toParameters(attempt);
    const saveProgress = this.#progress(event);
    await this.#group.keep(() => {
      this.#statements.addAttempt.run(...row);
      saveProgress();
    });
  }

  async saveEventState(event: Progress): Promise<void> {
    await this.#group.keep(this.#progress(event));
  }

  /** Removes the sealed digits of events that happened before this moment. Rejects while nothing can be written. */
  async eraseSealed(before: number): Promise<void> {
    const erase = () => Number(this.#statements.eraseSealed.run(before, MAX_ERASED).changes);
    for (let rows = MAX_ERASED; rows === MAX_ERASED; ) rows = await this.#group.write(erase);
  }

  keepPendingBye(key: string, pendingBye: object): Promise<void> {
    return this.#group.keep(() => {
      this.#statements.keepPendingBye.run(key, JSON.stringify(pendingBye));
    });
  }

  dropPendingBye(key: string): Promise<void> {
    return this.#group.keep(() => {
      this.#statements.dropPendingBye.run(key);
    });
  }

  /** @returns a function that writes the progress as it is now. */
  #progress({ id, state, attempts, nextAttemptAt, data }: Progress): () => void {
    const text = data && JSON.stringify(data);
    return () => {
      this.#statements.setEventState.run(state, attempts, nextAttemptAt, id);
      if (text) this.#statements.setEventData.run(text, id);
    };
  }
}

/** Whether a call cannot end without this change. */
const isEnding = ({ call, recording, billing }: Change): boolean =>
  Boolean((call && isFinal(call.status)) || recording || billing);
