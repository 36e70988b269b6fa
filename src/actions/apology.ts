import { explain } from '../core/index.ts';
import type { Flow } from './flow.ts';
import { once, playTo, speak } from './speech.ts';
import { RATE, tones } from './tones.ts';

const APOLOGY = 'We are sorry, an error has occurred. Please try again later. Goodbye.';

/** Tells the caller that something went wrong, in the application's words; by a tone where speech fails too. */
export async function apologise(flow: Flow): Promise<void> {
  try {
    await speak(flow, flow.settings.faultMessage ?? APOLOGY, {}, flow.signal);
  } catch (error) {
    flow.signal.throwIfAborted();
    flow.session.log.error({ error: explain(error) }, 'the apology could not be spoken');
    await playTo(flow, once(reorderTone()));
  }
}

/** Two seconds of 480 + 620 Hz, on and off each quarter second: "your call cannot be completed". */
const reorderTone = () => tones(2, [480, 620], (i) => (Math.floor(i / (RATE / 4)) % 2 === 0 ? 3000 : 0));
