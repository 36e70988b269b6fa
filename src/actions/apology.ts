import type { Sound } from '../calls/index.ts';
import { explain } from '../kit/index.ts';
import type { Flow } from './flow.ts';
import { once, playTo, speak } from './speech.ts';

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

const RATE = 8000;

/** Two seconds of 480 + 620 Hz, on and off each quarter second: "your call cannot be completed". */
function reorderTone(): Sound {
  const samples = new Int16Array(new SharedArrayBuffer(2 * RATE * 2));
  for (let i = 0; i < samples.length; i++) {
    const on = Math.floor(i / (RATE / 4)) % 2 === 0;
    const wave = Math.sin((2 * Math.PI * 480 * i) / RATE) + Math.sin((2 * Math.PI * 620 * i) / RATE);
    samples[i] = on ? wave * 3000 : 0;
  }
  return { samples };
}
