import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../tests/support/until.ts';
import { type Packet, pcap } from './pcap.ts';
import { beginPeer, freePort, isBound, nudge, tailOf } from './peers.ts';

/** The steps of the called party, in order. */
export type Step =
  /** Sends a response to the INVITE. */
  | { say: number; sdp?: boolean; headers?: string[] }
  /** Expects a request: `ACK`, `BYE`, `CANCEL` or another `INVITE`; BYE and CANCEL are answered with 200. */
  | { hear: 'INVITE' | 'ACK' | 'BYE' | 'CANCEL'; with?: string }
  | { wait: number }
  /** Talks until either side hangs up. */
  | { until: 'end' }
  /** Plays the capture. */
  | { talk: true }
  /** Hangs up. */
  | { bye: true };

export interface AnswererOptions {
  talk?: readonly Packet[];
  /** Sends back what it hears. */
  echo?: boolean;
  /** The port for its RTP; default: sipp's own. */
  mediaPort?: number;
  /** Offers RFC 4733; default true. */
  telephoneEvent?: boolean;
  transport?: 'udp' | 'tcp';
}

/** A sipp process as the called party of one call. It does exactly what its steps say, or fails. */
export class Answerer {
  readonly port: number;
  /** Resolves when all steps succeeded; rejects with sipp's errors. */
  readonly done: Promise<void>;
  #process: ChildProcess;
  #messages: string;

  private constructor(process: ChildProcess, port: number, folder: string, done: Promise<void>) {
    this.#process = process;
    this.#messages = join(folder, 'messages');
    this.port = port;
    this.done = done;
    done.catch(() => {});
  }

  static async start(steps: Step[], options: AnswererOptions = {}): Promise<Answerer> {
    const folder = await mkdtemp(join(tmpdir(), 'minivoice-sipp-'));
    const [port, media] = [freePort(), freePort()];
    if (options.talk) await writeFile(join(folder, 'talk.pcap'), pcap(options.talk));
    await writeFile(join(folder, 'call.xml'), answering(steps, options));
    const args = [
      ...['-sf', 'call.xml', '-m', '1', '-i', '127.0.0.1', '-p', `${port}`, '-nostdin'],
      ...['-mi', '127.0.0.1', '-mp', `${media}`, '-timeout', '120', '-timeout_error'],
      ...['-trace_err', '-error_file', 'errors', '-trace_msg', '-message_file', 'messages'],
      ...(options.transport === 'tcp' ? ['-t', 't1'] : []),
      ...(options.echo ? ['-rtp_echo'] : []),
    ];
    const child = beginPeer('sipp', args, { cwd: folder, stdio: 'ignore' });
    const answerer = new Answerer(child, port, folder, judge(child, folder));
    await Promise.race([
      until(() => child.exitCode !== null || isBound(port), 'sipp listens'),
      answerer.done,
    ]);
    return answerer;
  }

  get uri(): string {
    return `sip:bob@127.0.0.1:${this.port}`;
  }

  /** Makes it hang up in a step `{ until: 'end' }`. */
  async hangUp(): Promise<void> {
    const [, callId] = /^Call-ID: *(\S+)/im.exec(readFileSync(this.#messages, 'utf8'))!;
    await nudge(callId!, this.port);
    await this.done;
  }

  /** Ends the process. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await this.done.catch(() => {});
  }
}

async function judge(child: ChildProcess, folder: string): Promise<void> {
  const [code, signal] = await once(child, 'exit');
  const report = `${tailOf(join(folder, 'errors'))}\n${tailOf(join(folder, 'messages'), 80)}`;
  await rm(folder, { recursive: true, force: true });
  if (code !== 0) throw new Error(`sipp ended with ${code ?? signal}:\n${report}`);
}

/** Resolves when somebody has the port: sipp tells nobody when it is ready. */
export function answering(steps: Step[], options: AnswererOptions = {}): string {
  const all = [INVITE, ...steps.map((step) => write(step, options)), `<Reference variables="${KEPT.from}"/>`];
  return `<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario>\n${all.join('\n')}\n</scenario>\n`;
}

/** sipp's variables. */
const KEPT = { from: 1, match: 2 };

const find = (regexp: string, where: string, variable: number): string =>
  `<action><ereg regexp="${regexp}" search_in="${where}" check_it="true" assign_to="${variable}"/></action>`;

const INVITE = `<recv request="INVITE" rrs="true">${find('.*', 'hdr" header="From:', KEPT.from)}</recv>`;

function write(step: Step, options: AnswererOptions): string {
  if ('say' in step) return send(response(step, options));
  if ('until' in step) return ending();
  if ('wait' in step) return `<pause milliseconds="${step.wait}"/>`;
  if ('talk' in step) return '<nop><action><exec play_pcap_audio="talk.pcap"/></action></nop>';
  if ('bye' in step) return `${send(bye())}\n<recv response="200"/>`;
  const { hear } = step;
  const check = step.with ? find(step.with, 'msg', KEPT.match) : '';
  const used = step.with ? `<Reference variables="${KEPT.match}"/>` : '';
  const received = `<recv request="${hear}" rrs="true">${check}</recv>${used}`;
  return hear === 'BYE' || hear === 'CANCEL' ? `${received}\n${send(OK)}` : received;
}

const ending = (): string =>
  [
    '<recv request="INFO" optional="true" next="1"/>',
    '<recv request="BYE"/>',
    send(OK).replace('<send', '<send next="2"'),
    '<label id="1"/>',
    send(bye()),
    '<recv response="200"/>',
    '<label id="2"/>',
  ].join('\n');

const send = (message: string): string => `<send><![CDATA[\n${message}\n]]></send>`;

const CONTACT = 'Contact: <sip:bob@[local_ip]:[local_port];transport=[transport]>';

function response(
  { say, sdp, headers = [] }: Extract<Step, { say: number }>,
  options: AnswererOptions,
): string {
  const head = [
    `SIP/2.0 ${say} ${REASONS[say] ?? 'Whatever'}`,
    '[last_Via:]',
    '[last_From:]',
    `[last_To:]${say === 100 ? '' : ';tag=[pid]'}`,
    '[last_Call-ID:]',
    // RFC 3261 §9.2: after a CANCEL the INVITE still has to be answered.
    say === 487 ? 'CSeq: 1 INVITE' : '[last_CSeq:]',
    ...(headers.some((each) => each.startsWith('Contact')) ? [] : [CONTACT]),
    ...headers,
  ];
  if (!sdp) return [...head, 'Content-Length: 0', ''].join('\n');
  return [...head, 'Content-Type: application/sdp', 'Content-Length: [len]', '', ...answer(options), ''].join(
    '\n',
  );
}

const REASONS: Record<number, string> = {
  200: 'OK',
  180: 'Ringing',
  183: 'Session Progress',
  486: 'Busy Here',
};

const answer = ({ mediaPort, telephoneEvent = true }: AnswererOptions): string[] => [
  'v=0',
  'o=- 1 1 IN IP4 [local_ip]',
  's=-',
  'c=IN IP4 [media_ip]',
  't=0 0',
  `m=audio ${mediaPort ?? '[media_port]'} RTP/AVP 0${telephoneEvent ? ' 101' : ''}`,
  ...(telephoneEvent ? ['a=rtpmap:101 telephone-event/8000'] : []),
];

const OK = [
  'SIP/2.0 200 OK',
  '[last_Via:]',
  '[last_From:]',
  '[last_To:]',
  '[last_Call-ID:]',
  '[last_CSeq:]',
  'Content-Length: 0',
  '',
].join('\n');

/** A request of the far end: From and To are those of the INVITE, exchanged. */
const bye = (): string =>
  [
    'BYE [next_url] SIP/2.0',
    'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]',
    'Max-Forwards: 70',
    'From: <sip:bob@[local_ip]:[local_port]>;tag=[pid]',
    `To:[$${KEPT.from}]`,
    '[last_Call-ID:]',
    'CSeq: 1 BYE',
    CONTACT,
    'Content-Length: 0',
    '',
  ].join('\n');
