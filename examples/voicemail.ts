// Voicemail: a greeting, a tone, and a message of up to two minutes that the caller can keep or record again.
import { type Application, type PageRequest, serve } from './support/serve.ts';

/** A gather waits for at most 30 seconds, and four of them are two minutes. */
const ROUNDS = 4;

const record = (tries: number, said: string): object[] => [
  { say: { text: said } },
  { start_recording: { channels: 1, format: 'mp3', max_seconds: 130, beep: true } },
  ...listen(tries, 1),
];

// A key, two minutes, or a hangup end the message. The recording continues from page to page.
const listen = (tries: number, round: number): object[] => [
  { gather: { timeout_seconds: 30 } },
  { redirect: { url: `recorded?tries=${tries}&round=${round}`, method: 'POST', max_redirects: 20 } },
];

function recorded({ digits, query }: PageRequest): object[] {
  const tries = Number(query.get('tries'));
  const round = Number(query.get('round'));
  if (!digits && round < ROUNDS) return listen(tries, round + 1);
  return [
    { stop_recording: {} },
    { gather: { prompt: 'Press 1 to keep your message, or 2 to record it again.', timeout_seconds: 8 } },
    { redirect: { url: `kept?tries=${tries}`, method: 'POST', max_redirects: 20 } },
  ];
}

function kept({ digits, query }: PageRequest): object[] {
  const tries = Number(query.get('tries')) + 1;
  if (digits === '2' && tries < 3) return record(tries, 'Speak after the tone.');
  return [{ say: { text: 'Your message is kept. Goodbye.' } }];
}

export const application: Application = {
  pages: {
    '/answer': () =>
      record(0, 'Nobody is here. Leave a message after the tone, and press any key when you are done.'),
    '/recorded': recorded,
    '/kept': kept,
  },
  onEvent({ event, call, data }) {
    if (event !== 'recording.completed') return;
    const { recording_id, duration_seconds, ended_by } = data;
    console.log(`${call.from}: ${recording_id}, ${duration_seconds} s, ended by ${ended_by}`);
  },
};

if (import.meta.main) serve(application);
