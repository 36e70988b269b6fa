// A conference with PINs. It ends when the host leaves; callers with the PIN for listeners cannot speak.
import { type Application, type PageRequest, serve } from './support/serve.ts';

const ROLES: Record<string, { name: string; mute: boolean; end_on_exit: boolean }> = {
  '4711': { name: 'host', mute: false, end_on_exit: true },
  '1234': { name: 'guest', mute: false, end_on_exit: false },
  '9999': { name: 'listener', mute: true, end_on_exit: false },
};

const ask = (origin: string, prompt: string, tries: number): object[] => [
  { gather: { prompt, num_digits: 4, timeout_seconds: 10, sensitive: true } },
  { redirect: { url: `${origin}/join?tries=${tries}`, method: 'POST' } },
];

function join({ digits, origin, query }: PageRequest): object[] {
  const role = ROLES[digits];
  const tries = Number(query.get('tries')) + 1;
  if (role) {
    const { name, mute, end_on_exit } = role;
    return [
      { say: { text: `You are joining as a ${name}.` } },
      { conference: { room: 'weekly-meeting', mute, end_on_exit } },
    ];
  }
  if (tries >= 3) return [{ say: { text: 'Goodbye.' } }];
  return ask(origin, 'That is not right. Please try again.', tries);
}

export const application: Application = {
  pages: {
    '/answer': ({ origin }) => ask(origin, 'Please enter the PIN of your meeting.', 0),
    '/join': join,
  },
};

if (import.meta.main) serve(application);
