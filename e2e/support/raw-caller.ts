import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Inbox } from '../../tests/support/inbox.ts';
import { runAsPeer } from './priorities.ts';
import type { Server } from './server.ts';

/** The variable parts of a request. */
interface More {
  headers?: string[];
  body?: string;
  /** Changes the message before it is sent. */
  edit?: (text: string) => string;
}

/** One call over UDP that a test makes message by message, however odd. It retransmits nothing. */
export class RawCaller {
  /** All received requests and responses, as text. */
  readonly inbox = new Inbox<string>((message) => message.split('\r\n', 1)[0]!);
  #socket: Socket;
  #server: Server['sip'];
  #id: string;
  #to: string;
  #toTag = '';
  #target: string;

  private constructor(socket: Socket, server: Server, number: string) {
    this.#socket = socket;
    this.#server = server.sip;
    this.#id = `raw-${socket.address().port}-${process.hrtime.bigint()}`;
    this.#target = `sip:${number}@${server.sip.host}:${server.sip.port}`;
    this.#to = this.#target;
    socket.on('message', (data) => this.inbox.add(data.toString()));
  }

  static async open(server: Server, number: string): Promise<RawCaller> {
    runAsPeer();
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new RawCaller(socket, server, number);
  }

  request(method: string, cseq: number, { headers = [], body = '', edit = (text) => text }: More = {}): void {
    const { port } = this.#socket.address();
    const lines = [
      `${method} ${this.#target} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-${this.#id}-${method}-${cseq}`,
      'Max-Forwards: 70',
      `From: <sip:+15557654321@127.0.0.1:${port}>;tag=raw`,
      `To: <${this.#to}>${this.#toTag}`,
      `Call-ID: ${this.#id}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:raw@127.0.0.1:${port}>`,
      ...headers,
      ...(body ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    this.#send(edit(`${lines.join('\r\n')}\r\n\r\n${body}`));
  }

  /** Waits for the final response to a request. The first response to an INVITE creates the dialog. */
  async final(method: string, cseq: number): Promise<{ status: number; text: string; sdp: string }> {
    const text = await this.inbox.take(
      (message) => /^SIP\/2.0 [2-6]/.test(message) && message.includes(`CSeq: ${cseq} ${method}\r\n`),
      `response to ${method}`,
    );
    this.enter(text);
    return { status: Number(text.slice(8, 11)), text, sdp: text.slice(text.indexOf('\r\n\r\n') + 4) };
  }

  /** Continues in the dialog that a response has created. */
  enter(response: string): void {
    this.#toTag ||= /^To: .*?(;tag=[^;\r]+)/im.exec(response)?.[1] ?? '';
    this.#target = /^Contact: <([^>]+)>/im.exec(response)?.[1] ?? this.#target;
  }

  /** Sends INVITE, waits for the answer, and sends ACK. */
  async invite(cseq: number, body: string, ack: More = {}) {
    this.request('INVITE', cseq, { body });
    const response = await this.final('INVITE', cseq);
    if (response.status < 300) this.request('ACK', cseq, ack);
    return response;
  }

  /** Sends BYE; resolves with the response. */
  async bye(cseq = 90): Promise<void> {
    this.request('BYE', cseq);
    await this.final('BYE', cseq);
    this.close();
  }

  /** Waits for a request of the server, and answers it. */
  async answer(method: string): Promise<string> {
    const request = await this.inbox.take((message) => message.startsWith(`${method} `), method);
    const fields = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
    this.#send(`SIP/2.0 200 OK\r\n${fields.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
    return request;
  }

  close(): void {
    this.#socket.close();
  }

  #send(text: string): void {
    this.#socket.send(text, this.#server.port, this.#server.host);
  }
}
