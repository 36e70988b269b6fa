import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

/** The request for a page: the call and what is known of it. */
export interface PageRequest {
  call: { id: string; from: string; to: string };
  /** The digits of the last gather; empty if there was none. */
  digits: string;
  variables: Record<string, string>;
  /** The query of the page's URL, which carries state from page to page. */
  query: URLSearchParams;
  /** The URL of this application. */
  origin: string;
}

/** Returns the next actions. */
export type Page = (request: PageRequest) => object[] | Promise<object[]>;

export interface Event {
  event: string;
  call: PageRequest['call'] & { status: string };
  data: Record<string, unknown>;
}

/** The pages by URL path, each of which answers with actions. Requests to other paths are events. */
export interface Application {
  pages: Record<string, Page>;
  onEvent?: (event: Event) => void | Promise<void>;
}

/** Creates the web server of an application. It rejects requests without a valid signature. */
export function createApplication({ pages, onEvent }: Application, secret: string): Server {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    if (!isSigned(request.headers, body, secret)) {
      console.error('refused a request: the webhook_secret of the application is not WEBHOOK_SECRET');
      return void response.writeHead(403).end();
    }
    const origin = process.env['PUBLIC_URL'] ?? `http://${request.headers.host}`;
    const { pathname, searchParams: query } = new URL(request.url ?? '/', origin);
    const message = JSON.parse(body);
    const page = pages[pathname];
    if (!page) {
      response.writeHead(204).end();
      return onEvent?.(message);
    }
    const { call, variables, data } = message;
    const actions = await page({ call, variables, digits: data.digits ?? '', query, origin });
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ actions }));
  }
  return createServer((request, response) => {
    answer(request, response).catch((error) => {
      console.error(error);
      if (!response.headersSent) response.writeHead(500).end();
    });
  });
}

/** Whether this was signed in the last five minutes: HMAC-SHA256 of the timestamp, a dot and the text. */
export function isSigned(headers: IncomingHttpHeaders, text: string, secret: string): boolean {
  const timestamp = String(headers['x-minivoice-timestamp']);
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) < 300)) return false;
  const expected = Buffer.from(
    `v1=${createHmac('sha256', secret).update(`${timestamp}.${text}`).digest('hex')}`,
  );
  return String(headers['x-minivoice-signature'])
    .split(',')
    .map((value) => Buffer.from(value.trim()))
    .some((value) => value.length === expected.length && timingSafeEqual(value, expected));
}

export const SECRET = process.env['WEBHOOK_SECRET'] ?? 'a-secret-of-the-examples';

/** Runs an application on `PORT` (3000), and says how to register it. */
export function serve(application: Application): Server {
  const port = Number(process.env['PORT'] ?? 3000);
  return createApplication(application, SECRET).listen(port, () => {
    const here = process.env['PUBLIC_URL'] ?? `http://127.0.0.1:${port}`;
    console.log(`answer_url ${here}/answer  webhook_url ${here}/events  webhook_secret ${SECRET}`);
  });
}
