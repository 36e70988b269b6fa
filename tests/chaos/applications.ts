import type { Chapter, Fault } from './fault.ts';
import type { Misbehavior } from './rogue.ts';
import { accountOf, type World } from './world.ts';

const NOBODY = 'cannot connect to nowhere.invalid: no such name: nowhere.invalid';
const ERROR_PROMPT = 'hears the error prompt, then the call ends';
const FAILED = '`call.failed` (`answer_url_error`)';

async function callOf(world: World, fields: Record<string, unknown>) {
  const line = await world.harness.line([], fields);
  const caller = await world.call(line);
  await caller.hungUp();
  const account = await accountOf(line);
  return {
    caller: `${caller.outcome('the error prompt')}, then the call ends`,
    application: await account.events(),
    operator: account.logged(),
  };
}

const fault = (name: Misbehavior, why: string, slow = false): Fault => ({
  name: `an application that ${name}`,
  slow,
  happen: (world) => callOf(world, { answer_url: world.rogue.url(name) }),
  promised: {
    caller: ERROR_PROMPT,
    application: FAILED,
    operator: `log: \`could not fetch actions from answer_url\` (${why})`,
  },
});

const at = (name: string, url: string, why: string): Fault => ({
  name,
  happen: (world) => callOf(world, { answer_url: url, webhook_url: null, webhook_secret: null }),
  promised: {
    caller: ERROR_PROMPT,
    application: FAILED,
    operator: `log: \`could not fetch actions from answer_url\` (${why})`,
  },
});

/** None of them returns actions: the caller hears only the error prompt, `fault_message`. */
export const applications: Chapter = {
  title: 'Applications',
  // With ten or more calls, a busy machine refuses new ones.
  atOnce: 9,
  faults: [
    fault('answers too late', 'no response within 5000 ms', true),
    fault('never ends its response', 'the response did not end within 5000 ms', true),
    fault('sends one byte per second', 'the response did not end within 5000 ms', true),
    fault('answers 500', 'the server answered with 500'),
    fault('announces more than it sends', 'the connection closed during the response: other side closed'),
    fault('sends more than it announces', 'invalid action payload'),
    fault('answers 10 MB', 'invalid action payload'),
    fault('redirects', 'the server answered with 302'),
    fault('breaks off in the response', 'the connection closed during the response: read ECONNRESET'),
    fault('answers with something else', 'invalid action payload'),
    at('an application whose host name does not exist', 'http://nowhere.invalid/', NOBODY),
  ],
};
