import type { Perform } from '../flow.ts';
import { playTo } from '../speech.ts';

/** Plays a sound file from the web, `loop` times. */
export const play: Perform<'play'> = async (action, flow) => {
  const { session, services, signal } = flow;
  const { customerId } = session.record;
  const sound = await services.sounds.fetch(action.url, { customerId, callId: session.id }, signal);
  try {
    for (let round = 0; round < action.loop && !signal.aborted; round++)
      await playTo(flow, sound.play(), signal);
  } finally {
    sound.release();
  }
};
