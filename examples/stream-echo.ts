// Live audio in both directions: the caller hears themselves two seconds later, through a WebSocket of this application.
import type { IncomingMessage, Server } from 'node:http';
import { WebSocketServer } from 'ws';
import { type Application, isSigned, SECRET, serve } from './support/serve.ts';

/** The delay in frames of 20 ms: two seconds. */
const DELAY = 100;

const streamUrl = (origin: string): string => `${origin.replace(/^http/, 'ws')}/echo`;

export const application: Application = {
  pages: {
    '/answer': ({ origin }) => [
      { say: { text: 'Say something, and you will hear it again.' } },
      { start_stream: { stream_url: streamUrl(origin), track: 'inbound', bidirectional: true } },
      { pause: { seconds: 60 } },
      { stop_stream: { stream_url: streamUrl(origin) } },
      { say: { text: 'Goodbye.' } },
    ],
  },
};

/** Accepts streams on an application's server. The signature of the handshake covers the stream's URL. */
export function takeStreams(server: Server, secret: string): WebSocketServer {
  const sockets = new WebSocketServer({
    server,
    path: '/echo',
    verifyClient: ({ req }: { req: IncomingMessage }) => {
      const origin = process.env['PUBLIC_URL'] ?? `http://${req.headers.host}`;
      return isSigned(req.headers, streamUrl(origin), secret);
    },
  });
  return sockets.on('connection', (socket) => {
    const heard: string[] = [];
    socket.on('message', (text) => {
      const { event, stream_id, media, dtmf } = JSON.parse(String(text));
      if (event === 'dtmf') socket.send(JSON.stringify({ event: 'clear', stream_id }));
      if (event === 'dtmf') console.log(`${dtmf.digit} was pressed: the rest of the echo is dropped`);
      if (event !== 'media') return;
      heard.push(media.payload);
      if (heard.length <= DELAY) return;
      socket.send(JSON.stringify({ event: 'media', stream_id, media: { payload: heard.shift() } }));
    });
  });
}

if (import.meta.main) takeStreams(serve(application), SECRET);
