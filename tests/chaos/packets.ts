import type { Manners } from './caller.ts';
import type { Chapter, Fault } from './fault.ts';
import { accountOf, type World } from './world.ts';

const SECONDS = 3;
/** A window in which the tone begins, breaks, or ends does not count as the tone. */
const WINDOW_MS = 20;

/** A recorded call of three seconds, in which the caller talks and hears a tone. */
async function recorded(world: World, manners: Manners) {
  const tone = { play: { url: world.harness.tone(1000, 1000) } };
  const rest = { pause: { seconds: SECONDS - 1 } };
  const line = await world.harness.line([{ start_recording: {} }, tone, rest, { stop_recording: {} }]);
  const caller = await world.call(line, manners);
  await caller.hungUp();
  const account = await accountOf(line);
  const { audio } = await account.recording();
  const durationMs = audio?.durationMs ?? 0;
  // However long a busy machine takes: the file lasts from the start of the recording to its stop.
  const [start = 0, play = 0, pause = 0, stop = 0] = await account.actionsMs();
  const between = play + pause;
  const whole = durationMs >= between - 2 * WINDOW_MS && durationMs <= start + between + stop + 2 * WINDOW_MS;
  const heard = Math.round((10 * (audio?.loudMs(0) ?? 0)) / durationMs) * 10;
  const right = (audio?.heardMs(1, 1000) ?? 0) > 1000 - 3 * WINDOW_MS;
  return {
    caller: caller.heardOf(1000),
    application: await account.events(),
    operator: `a recording ${whole ? 'of the whole time' : `of ${durationMs} ms`}, with ${heard >= 70 ? 'most' : heard >= 20 ? 'a part' : 'nothing'} of the caller’s audio and ${right ? 'all' : 'not all'} of what they heard`,
  };
}

const fault = (name: string, manners: Manners, heard = 'most'): Fault => ({
  name: `a caller ${name}`,
  happen: (world) => recorded(world, manners),
  promised: {
    caller: 'hears everything',
    application:
      '`recording.started`, `recording.completed` (`stop_recording`), `call.completed` (`application`)',
    operator: `a recording of the whole time, with ${heard} of the caller’s audio and all of what they heard`,
  },
});

export const packets: Chapter = {
  title: 'Packets',
  faults: [
    fault('who loses 30 % of their packets', { loss: 0.3 }),
    fault('whose packets are reordered', { reorder: true }),
    fault('whose packets all arrive twice', { twice: true }),
    fault('who changes the SSRC during the call', { changes: 'ssrc' }),
    fault('who changes to another negotiated codec', { changes: 'codec' }),
    fault('whose packets suddenly come from another port', { changes: 'port' }, 'a part'),
  ],
};
