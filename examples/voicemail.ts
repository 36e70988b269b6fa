// Voicemail: a greeting, a tone, a message of up to two minutes that the caller can keep or say again.
import { type Application, type Asked, serve } from './support/serve.ts';

const record = (origin: string, tries: number, said: string): object[] => [
  { say: { text: said } },
  { start_recording: { channels: 1, format: 'mp3', max_seconds: 120, beep: true } },
  // A key or half a minute without one ends the message; a hang-up ends it too, and it is kept.
  { gather: { timeout_seconds: 30 } },
  { stop_recording: {} },
  { gather: { prompt: 'Press 1 to keep your message, or 2 to say it again.', timeout_seconds: 8 } },
  { redirect: { url: `${origin}/kept?tries=${tries}`, method: 'POST' } },
];

function kept({ digits, origin, query }: Asked): object[] {
  const tries = Number(query.get('tries')) + 1;
  if (digits === '2' && tries < 3) return record(origin, tries, 'Speak after the tone.');
  return [{ say: { text: 'Your message is kept. Goodbye.' } }];
}

export const application: Application = {
  pages: {
    '/answer': ({ origin }) =>
      record(
        origin,
        0,
        'Nobody is here. Leave a message after the tone, and press any key when you are done.',
      ),
    '/kept': kept,
  },
  onEvent({ event, call, data }) {
    if (event !== 'recording.completed') return;
    const { recording_id, duration_seconds, ended_by } = data;
    console.log(`${call.from}: ${recording_id}, ${duration_seconds} s, ended by ${ended_by}`);
  },
};

if (import.meta.main) serve(application);
