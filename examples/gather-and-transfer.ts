// Asks for a customer number and transfers the caller to the one who looks after that customer.
import { type Application, type PageRequest, serve } from './support/serve.ts';

/** Who looks after whom; a real application asks its database. */
const CUSTOMERS: Record<string, { name: string; agent: string }> = {
  '1001': { name: 'Blue Bakery', agent: '+15550100011' },
  '1002': { name: 'Green Garage', agent: 'sip:green-desk@example.com' },
};

const ask = (origin: string, tries: number, prompt: string): object[] => [
  { gather: { prompt, min_digits: 4, max_digits: 8, finish_on_key: '#', timeout_seconds: 10 } },
  { redirect: { url: `${origin}/customer?tries=${tries}`, method: 'POST' } },
];

function connect({ digits, origin, call, query }: PageRequest): object[] {
  const customer = CUSTOMERS[digits];
  const tries = Number(query.get('tries')) + 1;
  if (!customer && tries >= 3) return [{ say: { text: 'I cannot find you. Please call again later.' } }];
  if (!customer) return ask(origin, tries, 'I do not know that number. Please try again.');
  return [
    { set_variable: { name: 'customer', value: digits } },
    { say: { text: `Hello, ${customer.name}. I am connecting you.` } },
    { transfer: { destination: customer.agent, from: call.to, timeout_seconds: 25 } },
    { say: { text: 'Your agent is busy, and will call you back.' } },
  ];
}

export const application: Application = {
  pages: {
    '/answer': ({ origin }) => ask(origin, 0, 'Please enter your customer number, then press the hash key.'),
    '/customer': connect,
  },
};

if (import.meta.main) serve(application);
