import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { createRecognizer } from '../index.ts';

/** A recognizer process that finishes a file on request. */
class FakeChild extends EventEmitter {
  readonly received: string[];

  constructor(received: string[]) {
    super();
    this.received = received;
    queueMicrotask(() => this.emit('message', 'ready'));
  }

  send({ path }: { path: string }): void {
    this.received.push(path);
  }

  finish(): void {
    this.emit('message', { done: { channels: 1 } });
  }

  kill(): void {
    this.emit('exit', null, 'SIGKILL');
  }
}

function open() {
  const clock = new VirtualClock();
  const received: string[] = [];
  const children: FakeChild[] = [];
  const startChild = () => {
    children.push(new FakeChild(received));
    return children.at(-1) as unknown as ChildProcess;
  };
  const recognizer = createRecognizer({ model: 'base', folder: '', clock, log: silentLog, startChild });
  const ask = (path: string, customer: string, signal?: AbortSignal) => {
    const answer = recognizer.transcribe(path, [], signal, customer);
    answer.catch(() => {});
    return answer;
  };
  return { clock, received, children, recognizer, ask };
}

test('alternates between customers when one has many recordings', async () => {
  const { clock, received, children, recognizer, ask } = open();
  for (let n = 0; n < 50; n++) ask(`a${n}`, 'a');
  ask('b0', 'b');
  for (let n = 0; n < 3; n++) {
    await clock.advance(100);
    children[0]!.finish();
  }
  expect(received.slice(0, 3)).toEqual(['a0', 'b0', 'a1']);
  await recognizer.close();
});

test('continues with the next recording after an abort and drops aborted ones from the queue', async () => {
  const { clock, received, recognizer, ask } = open();
  const closing = new AbortController();
  const aborted = [ask('a0', 'a', closing.signal), ask('a1', 'a', closing.signal)];
  ask('b0', 'b');
  await clock.advance(100);
  closing.abort(new Error('aborted'));
  for (const one of aborted) await expect(one).rejects.toThrow('aborted');
  await clock.advance(100);
  expect(received).toEqual(['a0', 'b0']);
  await recognizer.close();
});
