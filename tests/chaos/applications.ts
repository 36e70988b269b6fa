import type { Chapter, Fault } from './fault.ts';
import type { Way } from './rogue.ts';
import { accountOf, type World } from './world.ts';

const NOBODY = 'cannot connect to nowhere.invalid: no such name: nowhere.invalid';
const APOLOGY = 'hears the apology, then is hung up on';
const TOLD = '`call.failed` (`answer_url_error`)';

async function callOf(world: World, fields: Record<string, unknown>) {
  const line = await world.harness.line([], fields);
  const caller = await world.call(line);
  await caller.hungUp();
  const account = await accountOf(line);
  return {
    caller: `${caller.story('the apology')}, then is hung up on`,
    application: await account.told(),
    operator: account.logged(),
  };
}

const fault = (name: Way, why: string, slow = false): Fault => ({
  name: `an application that ${name}`,
  slow,
  happen: (world) => callOf(world, { answer_url: world.rogue.url(name) }),
  promised: {
    caller: APOLOGY,
    application: TOLD,
    operator: `log: \`an application gave no actions\` (${why})`,
  },
});

const at = (name: string, url: string, why: string): Fault => ({
  name,
  happen: (world) => callOf(world, { answer_url: url, webhook_url: null, webhook_secret: null }),
  promised: {
    caller: APOLOGY,
    application: TOLD,
    operator: `log: \`an application gave no actions\` (${why})`,
  },
});

/** None of them gives anything to hear: all that the caller can hear is the apology, `fault_message`. */
export const applications: Chapter = {
  title: 'Applications',
  // With ten calls and more a machine that has no time left refuses new ones.
  atOnce: 9,
  faults: [
    fault('answers after the time is over', 'no answer came within 5000 ms', true),
    fault('never ends its answer', 'the answer did not end within 5000 ms', true),
    fault('drips an octet a second', 'the answer did not end within 5000 ms', true),
    fault('answers 500', 'the server answered with 500'),
    fault('promises more than it sends', 'the answer broke off: other side closed'),
    fault('sends more than it promises', 'invalid action payload'),
    fault('answers 10 MB', 'invalid action payload'),
    fault('redirects', 'the server answered with 302'),
    fault('breaks off in mid-answer', 'the answer broke off: read ECONNRESET'),
    fault('answers with something else', 'invalid action payload'),
    at('an application whose name nobody knows', 'http://nowhere.invalid/', NOBODY),
  ],
};
