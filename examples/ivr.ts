// A menu: 1 tells the opening hours, 2 rings the front desk, and after three wrong keys it says goodbye.
import { type Application, type PageRequest, serve } from './support/serve.ts';

const DESK = process.env['DESK'] ?? 'sip:desk@example.com';

const menu = (origin: string, tries: number, said: string): object[] => [
  { gather: { prompt: `${said} Press 1 for our opening hours, or 2 to speak to us.`, timeout_seconds: 8 } },
  { redirect: { url: `${origin}/chosen?tries=${tries}`, method: 'POST' } },
];

function chosen({ digits, origin, query }: PageRequest): object[] {
  const tries = Number(query.get('tries')) + 1;
  if (digits === '1') return menu(origin, 0, 'We are open from nine to five, Monday to Friday.');
  if (digits === '2') {
    return [
      { say: { text: 'One moment, please.' } },
      { bridge: { destination: DESK, timeout_seconds: 20 } },
      { say: { text: 'Sorry, nobody can talk to you at the moment. Please call again later.' } },
    ];
  }
  if (tries >= 3) return [{ say: { text: 'Goodbye.' } }];
  return menu(origin, tries, 'Sorry, I did not get that.');
}

export const application: Application = {
  pages: { '/answer': ({ origin }) => menu(origin, 0, 'Welcome to Acme.'), '/chosen': chosen },
};

if (import.meta.main) serve(application);
