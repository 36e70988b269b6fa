// Calls a list of numbers, five at a time, and shows one of your numbers as caller ID:
// MINIVOICE_API_KEY=… FROM=+15550100001 npx node examples/campaign.ts +15550100031 +15550100032
import { type Application, serve } from './support/serve.ts';

const DOCUMENT = [{ gather: { prompt: 'This is Acme. Your order is ready. Press 1 to confirm.' } }];

/** How each call ended. The webhook may arrive before the REST request has returned. */
const endings = new Map<string, PromiseWithResolvers<string>>();
function ending(callId: string): PromiseWithResolvers<string> {
  if (!endings.has(callId)) endings.set(callId, Promise.withResolvers());
  return endings.get(callId)!;
}

export const application: Application = {
  pages: {},
  onEvent({ event, call, data }) {
    if (['call.completed', 'call.failed', 'call.canceled'].includes(event))
      ending(call.id).resolve(String(data['reason']));
  },
};

/** The URL of the REST API, an API key, the caller ID, and the number of concurrent calls. */
export type Campaign = Record<'api' | 'key' | 'from', string> & {
  atOnce: number;
  wait?: (seconds: number) => Promise<void>;
};

const sleep = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000));

/** Places a call, and resolves with how it ended. Tries again later if a rate limit was reached. */
async function place(to: string, campaign: Campaign): Promise<string> {
  const { api, key, from, wait = sleep } = campaign;
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  const body = JSON.stringify({ from, to, actions: DOCUMENT, timeout_seconds: 30 });
  const answer = await fetch(`${api}/v1/calls`, { method: 'POST', headers, body });
  const { id, error } = (await answer.json()) as { id: string; error?: { code: string } };
  if (!error) return ending(id).promise;
  if (answer.status !== 429) return error.code;
  await wait(Number(answer.headers.get('Retry-After') ?? 1));
  return place(to, campaign);
}

/** Calls all numbers, and resolves with how each call ended. */
export async function run(numbers: string[], campaign: Campaign): Promise<Record<string, string>> {
  const results: Record<string, string> = {};
  const left = numbers.values();
  const line = async () => {
    for (const number of left) results[number] = await place(number, campaign);
  };
  await Promise.all(Array.from({ length: campaign.atOnce }, line));
  return results;
}

if (import.meta.main) {
  const { MINIVOICE_URL: api = 'http://127.0.0.1:8080', MINIVOICE_API_KEY: key = '' } = process.env;
  const from = process.env['FROM'] ?? '+15550100000';
  const server = serve(application);
  console.table(await run(process.argv.slice(2), { api, key, from, atOnce: 5 }));
  server.close();
}
