// Takes a card number by keypad in the middle of a recorded call: it is in no recording, no log and no stream.
import { type Application, type PageRequest, serve } from './support/serve.ts';

/** By call, in memory, and only until the payment: the number reaches this application and nobody else. */
const cards = new Map<string, string>();

/** A real application asks its payment provider. */
const charge = async (card: string, code: string): Promise<boolean> => card.length >= 12 && code !== '000';

const askCard = (origin: string, tries: number, prompt: string): object[] => [
  { pause_recording: { mode: 'silence' } },
  {
    gather: {
      prompt,
      min_digits: 12,
      max_digits: 19,
      finish_on_key: '#',
      timeout_seconds: 15,
      sensitive: true,
    },
  },
  { redirect: { url: `${origin}/card?tries=${tries}`, method: 'POST' } },
];

function card({ call, digits, origin, query }: PageRequest): object[] {
  const tries = Number(query.get('tries')) + 1;
  if (digits.length < 12 && tries < 3)
    return askCard(origin, tries, 'That was too short. Once more, please.');
  if (digits.length < 12) return [{ resume_recording: {} }, { say: { text: 'Nothing was paid. Goodbye.' } }];
  cards.set(call.id, digits);
  return [
    { gather: { prompt: 'Now the three digits on the back.', num_digits: 3, sensitive: true } },
    { redirect: { url: `${origin}/code`, method: 'POST' } },
  ];
}

async function code({ call, digits }: PageRequest): Promise<object[]> {
  const paid = await charge(cards.get(call.id) ?? '', digits);
  cards.delete(call.id);
  const text = paid ? 'Thank you, that is paid.' : 'Your card was declined. Nothing was paid.';
  return [{ resume_recording: {} }, { say: { text } }];
}

export const application: Application = {
  pages: {
    '/answer': ({ origin }) => [
      { start_recording: {} },
      { say: { text: 'Your bill is twelve euros. The recording pauses while you pay.' } },
      ...askCard(origin, 0, 'Please enter your card number, then press the hash key.'),
    ],
    '/card': card,
    '/code': code,
  },
  onEvent({ event, call }) {
    if (event === 'call.completed' || event === 'call.failed') cards.delete(call.id);
  },
};

if (import.meta.main) serve(application);
