import { expect, test } from 'vitest';
import { type Input, isActive, type Outcome, type State, step } from './lifecycle.ts';

const commands: Input[] = ['start', 'stop', 'pause', 'resume', 'hangup'];

/** What the outside world can do to a recording in this state. */
function possible(state: State): Input[] {
  if (state === 'starting' || state === 'cut_short') return [...commands, 'begun', 'start_error'];
  if (state === 'recording' || state === 'paused') return [...commands, 'max_seconds', 'write_error'];
  if (state === 'finishing') return [...commands, 'write_error', 'saved', 'unsaved'];
  if (state === 'salvaging') return [...commands, 'saved', 'unsaved'];
  return commands;
}

interface Story {
  inputs: Input[];
  state: State;
  outcomes: Outcome[];
}

function* stories(depth: number, story: Story): Generator<Story> {
  yield story;
  if (depth === 0) return;
  for (const input of possible(story.state)) {
    const [state, ...outcomes] = step(story.state, input);
    yield* stories(depth - 1, {
      inputs: [...story.inputs, input],
      state,
      outcomes: [...story.outcomes, ...outcomes],
    });
  }
}

const unborn: Story = { inputs: [], state: 'starting', outcomes: [] };

/** The call ends, and everything that is under way comes to its end. */
function ended(story: Story): Story {
  let { state, outcomes } = story;
  for (const input of ['begun', 'hangup', 'saved'] as const) {
    const [next, ...more] = step(state, input);
    state = next;
    outcomes = [...outcomes, ...more];
  }
  return { ...story, state, outcomes };
}

const count = (outcomes: Outcome[], ...wanted: Outcome[]) =>
  outcomes.filter((outcome) => wanted.includes(outcome)).length;

test('whatever happens in whatever order, a recording that started ends in exactly one event', () => {
  let seen = 0;
  for (const story of stories(6, unborn)) {
    const { outcomes, state } = ended(story);
    const terminal = count(outcomes, 'report_completed', 'report_failed');
    if (terminal !== 1 || count(outcomes, 'report_started') > 1 || isActive(state)) {
      expect.fail(`${story.inputs.join(', ')}: ${outcomes.join(', ')}`);
    }
    seen++;
  }
  expect(seen).toBeGreaterThan(50_000);
});

test('the started event comes before the completed one, and nothing is closed that was not opened', () => {
  for (const story of stories(6, unborn)) {
    const { outcomes, inputs } = ended(story);
    const started = outcomes.indexOf('report_started');
    const completed = outcomes.indexOf('report_completed');
    const closed = outcomes.indexOf('close_tap');
    const inOrder = (completed < 0 || started < completed) && (closed < 0 || started < closed);
    if (started < 0 ? completed >= 0 || closed >= 0 : !inOrder) expect.fail(inputs.join(', '));
  }
});

test('a write error never ends in a completed recording', () => {
  for (const story of stories(6, unborn)) {
    if (!story.inputs.includes('write_error')) continue;
    expect(count(ended(story).outcomes, 'report_completed')).toBe(0);
  }
});

test('a final state is final', () => {
  for (const state of ['completed', 'failed'] as const) {
    for (const input of [...commands, 'begun', 'saved', 'unsaved', 'write_error'] as const) {
      expect(step(state, input)).toEqual([state]);
    }
  }
});
