import type { Perform } from '../flow.ts';
import { speak } from '../playback.ts';

/** Speaks a text, `loop` times. */
export const say: Perform<'say'> = async (action, flow) => {
  for (let round = 0; round < action.loop && !flow.signal.aborted; round++) {
    await speak(flow, action.text, action, flow.signal);
  }
};
