import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';

type Message = { event: string; data: Record<string, unknown> };

/** What a page of the flow is told: the last gather's digits, and where the application is reached. */
type Page = (asked: { digits: string; origin: string }) => object[];

/** The flow of a call: each page says what to do, and where to go on. */
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

/** A whole application: one web server that hands out the pages, and is told of every event. */
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
