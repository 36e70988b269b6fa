import type { Perform } from '../flow.ts';
import { once, playTo } from '../speech.ts';

/** Plays a sound file from the web, `loop` times. */
export const play: Perform<'play'> = async (action, flow) => {
  const sound = await flow.services.sounds.fetch(action.url, flow.signal);
  for (let round = 0; round < action.loop && !flow.signal.aborted; round++) {
    await playTo(flow, once(sound));
  }
};
