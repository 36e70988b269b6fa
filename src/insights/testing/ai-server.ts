import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  path: string;
  authorization: string | undefined;
  type: string;
  /** As Latin-1, which preserves every octet. */
  body: string;
}

type Reply = { status?: number; json?: unknown; text?: string; hang?: true; reset?: true };

/** An OpenAI-compatible test server with scripted answers. */
export class AiServer {
  readonly asked: Asked[] = [];
  /** Makes the answer to each request. */
  transcription: (asked: Asked) => Reply = () => ({ json: { text: '' } });
  completion: (asked: Asked) => Reply = () => ({ json: {} });
  speech: (response: ServerResponse, asked: Asked) => void = (response) => response.end();
  #server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<AiServer> {
    const server = new AiServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Makes a chat completion. */
  static says(content: unknown): Reply {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    return { json: { choices: [{ message: { role: 'assistant', content: text } }] } };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { authorization, 'content-type': type = '' } = request.headers;
    const asked = {
      path: request.url ?? '',
      authorization,
      type,
      body: Buffer.concat(chunks).toString('latin1'),
    };
    this.asked.push(asked);
    if (asked.path.endsWith('/audio/speech')) return this.speech(response, asked);
    const reply = asked.path.endsWith('/chat/completions')
      ? this.completion(asked)
      : this.transcription(asked);
    if (reply.hang) return;
    if (reply.reset) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' });
    response.end(reply.text ?? JSON.stringify(reply.json));
  }
}
