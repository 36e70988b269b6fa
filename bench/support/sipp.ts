import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../e2e/support/peers.ts';

/** How sipp is to call. */
export interface Load {
  to: string;
  server: { host: string; port: number };
  calls: number;
  /** Calls a second. */
  rate: number;
  /** From the answer to the caller's BYE. */
  talkMs: number;
  processor: number;
  /** A refusal is as good as an answer. */
  refusable?: boolean;
}

/** What came of it. */
export interface Called {
  succeeded: number;
  failed: number;
  retransmissions: number;
  /** Milliseconds from INVITE to 200, sorted. */
  answerMs: number[];
  /** Milliseconds from INVITE to 503, sorted. */
  refusalMs: number[];
}

/** Calls that are answered, last for a moment, and are ended by the caller. */
export async function callWithSipp(load: Load): Promise<Called> {
  const folder = await mkdtemp(join(tmpdir(), 'minivoice-sipp-'));
  try {
    await writeFile(join(folder, 'call.xml'), scenario(load.talkMs, load.refusable ? REFUSED : ''));
    const { host, port } = load.server;
    const sipp = spawn(
      'taskset',
      [
        ...['-c', `${load.processor}`, 'sipp', `${host}:${port}`, '-sf', 'call.xml', '-s', load.to],
        ...['-r', `${load.rate}`, '-m', `${load.calls}`, '-i', '127.0.0.1', '-p', `${freePort()}`],
        ...['-nostdin', '-trace_stat', '-stf', 'stat', '-trace_rtt', '-rtt_freq', '1'],
        ...['-timeout', '120', '-timeout_error', '-buff_size', '4194304'],
      ],
      { cwd: folder, stdio: 'ignore' },
    );
    await once(sipp, 'exit');
    return await read(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function read(folder: string): Promise<Called> {
  const lines = (await readFile(join(folder, 'stat'), 'utf8')).trim().split('\n');
  const names = lines[0]!.split(';');
  const last = lines.at(-1)!.split(';');
  const value = (name: string) => Number(last[names.indexOf(name)]);
  const times = (await readdir(folder)).find((file) => file.endsWith('_rtt.csv'));
  const answers = times ? (await readFile(join(folder, times), 'utf8')).trim().split('\n').slice(1) : [];
  const timesOf = (timer: string) =>
    answers
      .map((line) => line.split(';'))
      .filter(([, , name]) => name === timer)
      .map(([, ms]) => Number(ms))
      .sort((a, b) => a - b);
  return {
    succeeded: value('SuccessfulCall(C)'),
    failed: value('FailedCall(C)'),
    retransmissions: value('Retransmissions(C)'),
    answerMs: timesOf('1'),
    refusalMs: timesOf('2'),
  };
}

const COMMON = `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:+15557654321@[local_ip]:[local_port]>;tag=[call_number]
Call-ID: [call_id]
Contact: <sip:sipp@[local_ip]:[local_port]>`;

const TO = 'To: <sip:[service]@[remote_ip]:[remote_port]>';

/** What the caller does who is refused. */
const REFUSED = `<label id="1"/>
<send><![CDATA[
ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
${COMMON}
${TO}[peer_tag_param]
CSeq: 1 ACK
Content-Length: 0

]]></send>`;

const scenario = (talkMs: number, refused: string): string => `<?xml version="1.0" encoding="ISO-8859-1"?>
<scenario>
${refused && '<nop start_rtd="2"/>'}
<send retrans="500" start_rtd="1"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
${COMMON}
${TO}
CSeq: 1 INVITE
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 8 101
a=rtpmap:101 telephone-event/8000
a=ptime:20

]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
${refused && '<recv response="503" optional="true" rtd="2" next="1"/>'}
<recv response="200" rtd="1" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
${COMMON}
${TO}[peer_tag_param]
CSeq: 1 ACK
Content-Length: 0

]]></send>
<pause milliseconds="${talkMs}"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
${COMMON}
${TO}[peer_tag_param]
CSeq: 2 BYE
Content-Length: 0

]]></send>
<recv response="200"${refused && ' next="2"'}/>
${refused}${refused && '<label id="2"/>'}
</scenario>
`;
