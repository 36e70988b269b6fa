import { beforeEach, describe, expect, it } from 'vitest';
import { sleep } from './clock.ts';
import { Scope } from './scope.ts';
import { VirtualClock } from './testing/virtual-clock.ts';

let clock: VirtualClock;
let warnings: object[];
let closed: string[];
let scope: Scope;

beforeEach(() => {
  clock = new VirtualClock();
  warnings = [];
  closed = [];
  const log = { warn: (fields: object, message: string) => void warnings.push({ ...fields, message }) };
  scope = new Scope({ clock, log, deadlineMs: 1_000 });
});

/** Defers a disposer that takes `ms` milliseconds. */
const defer = (name: string, ms: number) =>
  scope.defer(name, async () => {
    await sleep(clock, ms);
    closed.push(name);
  });

describe('close', () => {
  it('aborts the signal and then runs the disposers in reverse order', async () => {
    scope.defer('signal', () => void closed.push(String(scope.signal.reason)));
    defer('first', 10);
    defer('second', 10);
    const closing = scope.close('hung up');
    await clock.advance(20);
    await closing;
    expect(closed).toEqual(['second', 'first', 'hung up']);
    expect(warnings).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('runs every disposer once and rejects with the first error', async () => {
    const fail = (name: string) => () => {
      closed.push(name);
      throw new Error(`${name} failed`);
    };
    scope.defer('first', fail('first'));
    scope.defer('second', fail('second'));
    const rejected = expect(scope.close()).rejects.toThrow('second failed');
    expect(scope.close()).toBe(scope.close());
    await rejected;
    expect(closed).toEqual(['second', 'first']);
  });

  it('continues after the deadline of a slow disposer and logs its name', async () => {
    defer('fast', 0);
    defer('slow', 1_500);
    const closing = scope.close();
    await clock.advance(1_000);
    await closing;
    expect(closed).toEqual(['fast']);
    expect(warnings).toEqual([
      { name: 'slow', deadline_ms: 1_000, message: 'closing took too long and continues in the background' },
    ]);
    await clock.advance(500);
    expect(closed).toEqual(['fast', 'slow']);
    expect(warnings[1]).toEqual({ name: 'slow', ms: 1_500, message: 'slow closing has ended' });
    expect(clock.pending).toBe(0);
  });

  it('gives every disposer its own deadline', async () => {
    for (const name of ['first', 'second', 'third']) defer(name, 900);
    const closing = scope.close();
    await clock.advance(2_700);
    await closing;
    expect(closed).toEqual(['third', 'second', 'first']);
    expect(warnings).toEqual([]);
  });

  it('logs the error of a disposer that fails after its deadline', async () => {
    scope.defer('slow', async () => {
      await sleep(clock, 2_000);
      throw new Error('disk full');
    });
    const closing = scope.close();
    await clock.advance(2_000);
    await closing;
    expect(warnings[1]).toMatchObject({ name: 'slow', error: 'disk full' });
  });
});

it('runs a disposer at once when the scope is already closed', async () => {
  await scope.close();
  defer('late', 0);
  await clock.advance(0);
  expect(closed).toEqual(['late']);
});
