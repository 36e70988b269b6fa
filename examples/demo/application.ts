import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';

type Message = { event: string; data: Record<string, unknown> };

/** Returns the next actions. `digits` are those of the last gather, and `origin` is the URL of the application. */
type Page = (request: { digits: string; origin: string }) => object[];

/** The pages of the call. Each answers with actions, and may redirect to another page. */
const pages: Record<string, Page> = {
  '/answer': ({ origin }) => [
    { gather: { prompt: 'Welcome to Mini Voice. Please enter your four digit code.', num_digits: 4 } },
    { redirect: { url: `${origin}/code`, method: 'POST' } },
  ],
  '/code': ({ digits }) => [
    { say: { text: `${[...digits].join(' ')}. Thanks.` } },
    { start_recording: {} },
    { gather: { prompt: 'Leave a message, then press the hash key.', timeout_seconds: 10 } },
    { stop_recording: {} },
    { say: { text: 'Goodbye.' } },
  ],
};

/** A complete application: one web server that answers with actions and receives every event. */
export function application(secret: string, onEvent: (event: Message) => void) {
  return createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    const signed = createHmac('sha256', secret).update(`${request.headers['x-minivoice-timestamp']}.${body}`);
    if (request.headers['x-minivoice-signature'] !== `v1=${signed.digest('hex')}`) {
      return response.writeHead(403).end();
    }
    const message = JSON.parse(body) as Message;
    const page = pages[request.url ?? ''];
    if (!page) {
      onEvent(message);
      return response.writeHead(204).end();
    }
    const actions = page({
      digits: String(message.data['digits'] ?? ''),
      origin: `http://${request.headers.host}`,
    });
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ actions }));
  });
}
