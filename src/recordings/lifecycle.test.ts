import { expect, test } from 'vitest';
import { type Effect, type Input, isActive, type State, step } from './lifecycle.ts';

const commands: Input[] = ['start', 'stop', 'pause', 'resume', 'hangup'];

/** Inputs that can occur in a state. */
function possible(state: State): Input[] {
  if (state === 'starting' || state === 'cut_short') return [...commands, 'begun', 'start_error'];
  if (state === 'recording' || state === 'paused') return [...commands, 'max_seconds', 'write_error'];
  if (state === 'finishing') return [...commands, 'write_error', 'saved', 'unsaved'];
  if (state === 'salvaging') return [...commands, 'saved', 'unsaved'];
  return commands;
}

interface Scenario {
  inputs: Input[];
  state: State;
  effects: Effect[];
}

function* scenarios(depth: number, scenario: Scenario): Generator<Scenario> {
  yield scenario;
  if (depth === 0) return;
  for (const input of possible(scenario.state)) {
    const [state, ...effects] = step(scenario.state, input);
    yield* scenarios(depth - 1, {
      inputs: [...scenario.inputs, input],
      state,
      effects: [...scenario.effects, ...effects],
    });
  }
}

const initial: Scenario = { inputs: [], state: 'starting', effects: [] };

/** Ends a scenario with a hangup and finishes the file. */
function ended(scenario: Scenario): Scenario {
  let { state, effects } = scenario;
  for (const input of ['begun', 'hangup', 'saved'] as const) {
    const [next, ...more] = step(state, input);
    state = next;
    effects = [...effects, ...more];
  }
  return { ...scenario, state, effects };
}

const count = (effects: Effect[], ...wanted: Effect[]) =>
  effects.filter((effect) => wanted.includes(effect)).length;

test('ends with exactly one event in every scenario', () => {
  let seen = 0;
  for (const scenario of scenarios(6, initial)) {
    const { effects, state } = ended(scenario);
    const terminal = count(effects, 'report_completed', 'report_failed');
    if (terminal !== 1 || count(effects, 'report_started') > 1 || isActive(state)) {
      expect.fail(`${scenario.inputs.join(', ')}: ${effects.join(', ')}`);
    }
    seen++;
  }
  expect(seen).toBeGreaterThan(50_000);
});

test('reports the start before the end and closes only an open tap', () => {
  for (const scenario of scenarios(6, initial)) {
    const { effects, inputs } = ended(scenario);
    const started = effects.indexOf('report_started');
    const completed = effects.indexOf('report_completed');
    const closed = effects.indexOf('close_tap');
    const inOrder = (completed < 0 || started < completed) && (closed < 0 || started < closed);
    if (started < 0 ? completed >= 0 || closed >= 0 : !inOrder) expect.fail(inputs.join(', '));
  }
});

test('never completes a recording after a write error', () => {
  for (const scenario of scenarios(6, initial)) {
    if (!scenario.inputs.includes('write_error')) continue;
    expect(count(ended(scenario).effects, 'report_completed')).toBe(0);
  }
});

test('leaves no final state', () => {
  for (const state of ['completed', 'failed'] as const) {
    for (const input of [...commands, 'begun', 'saved', 'unsaved', 'write_error'] as const) {
      expect(step(state, input)).toEqual([state]);
    }
  }
});
