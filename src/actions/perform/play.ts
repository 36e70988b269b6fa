import type { Perform } from '../flow.ts';
import { playClips } from '../playback.ts';

/** Plays a sound file from a URL, `loop` times. */
export const play: Perform<'play'> = async (action, flow) => {
  const { session, services, signal } = flow;
  const { customerId } = session.record;
  const sound = await services.sounds.fetch(action.url, { customerId, callId: session.id }, signal);
  try {
    for (let round = 0; round < action.loop && !signal.aborted; round++)
      await playClips(flow, sound.play(), signal);
  } finally {
    sound.release();
  }
};
