import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { createRecogniser } from '../index.ts';

/** A process that has transcribed a file as soon as it is told to. */
class FakeChild extends EventEmitter {
  readonly heard: string[];

  constructor(heard: string[]) {
    super();
    this.heard = heard;
    queueMicrotask(() => this.emit('message', 'ready'));
  }

  send({ path }: { path: string }): void {
    this.heard.push(path);
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
  const heard: string[] = [];
  const children: FakeChild[] = [];
  const startChild = () => {
    children.push(new FakeChild(heard));
    return children.at(-1) as unknown as ChildProcess;
  };
  const recogniser = createRecogniser({ model: 'base', folder: '', clock, log: silentLog, startChild });
  const ask = (path: string, customer: string, signal?: AbortSignal) => {
    const answer = recogniser.transcribe(path, [], signal, customer);
    answer.catch(() => {});
    return answer;
  };
  return { clock, heard, children, recogniser, ask };
}

test('recordings of a customer with many wait for each other, and not those of another', async () => {
  const { clock, heard, children, recogniser, ask } = open();
  for (let n = 0; n < 50; n++) ask(`a${n}`, 'a');
  ask('b0', 'b');
  for (let n = 0; n < 3; n++) {
    await clock.advance(100);
    children[0]!.finish();
  }
  expect(heard.slice(0, 3)).toEqual(['a0', 'b0', 'a1']);
  await recogniser.close();
});

test('a recording that is given up leaves its place to the next, and those that wait are forgotten', async () => {
  const { clock, heard, recogniser, ask } = open();
  const closing = new AbortController();
  const given = [ask('a0', 'a', closing.signal), ask('a1', 'a', closing.signal)];
  ask('b0', 'b');
  await clock.advance(100);
  closing.abort(new Error('given up'));
  for (const one of given) await expect(one).rejects.toThrow('given up');
  await clock.advance(100);
  expect(heard).toEqual(['a0', 'b0']);
  await recogniser.close();
});
