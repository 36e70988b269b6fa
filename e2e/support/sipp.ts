import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Packet, pcap } from './pcap.ts';
import { beginPeer, freePort, logOf, nudge, tailOf } from './peers.ts';
import { type CallPlan, scenario } from './scenario.ts';
import type { Server } from './server.ts';

export interface SippCall extends CallPlan {
  /** The number that is called. */
  to: string;
  /** The caller's audio from the answer on. */
  talk?: readonly Packet[];
  /** Echoes what it receives. */
  echo?: boolean;
  /** The number of simultaneous calls; default 1. */
  calls?: number;
  /** Default UDP. */
  transport?: 'tcp';
}

/** A sipp process as the caller. It does exactly what its scenario says, or fails. */
export class Sipp {
  /** Resolves when the scenario succeeded; rejects with the errors of sipp and the log of the server. */
  readonly done: Promise<void>;
  #process: ChildProcess;
  #port: number;

  private constructor(process: ChildProcess, port: number, done: Promise<void>) {
    this.#process = process;
    this.#port = port;
    this.done = done;
    done.catch(() => {});
  }

  static async call(server: Server, call: SippCall): Promise<Sipp> {
    const { calls = 1 } = call;
    const folder = await mkdtemp(join(tmpdir(), 'minivoice-sipp-'));
    const [port, media] = [freePort(), freePort()];
    const talk = join(folder, 'talk.pcap');
    if (call.talk) await writeFile(talk, pcap(call.talk));
    await writeFile(join(folder, 'call.xml'), scenario({ ...call, pcap: call.talk ? talk : undefined }));
    const args = [
      ...[`${server.sip.host}:${server.sip.port}`, '-sf', 'call.xml', '-s', call.to],
      ...[
        '-m',
        `${calls}`,
        // Below ten calls per second, sipp delays the first one.
        '-r',
        `${Math.max(10, calls)}`,
        '-t',
        call.transport === 'tcp' ? 't1' : 'u1',
      ],
      ...['-i', '127.0.0.1', '-p', `${port}`, '-mi', '127.0.0.1', '-mp', `${media}`],
      ...['-timeout', '120', '-timeout_error', '-nostdin', '-trace_err', '-error_file', 'errors'],
      ...['-trace_msg', '-message_file', 'messages', ...(call.echo ? ['-rtp_echo'] : [])],
    ];
    const child = beginPeer('sipp', args, { cwd: folder, stdio: 'ignore' });
    return new Sipp(child, port, judge(child, folder, server));
  }

  /** Makes the caller hang up: BYE, or CANCEL while it rings. */
  async hangUp(): Promise<void> {
    await nudge(`1-${this.#process.pid}@127.0.0.1`, this.#port);
    await this.done;
  }
}

async function judge(child: ChildProcess, folder: string, server: Server): Promise<void> {
  const [code, signal] = await once(child, 'exit');
  const report = `${tailOf(join(folder, 'errors'))}\n${tailOf(join(folder, 'messages'), 60)}`;
  await rm(folder, { recursive: true, force: true });
  if (code !== 0) throw new Error(`sipp ended with ${code ?? signal}:\n${report}\n${logOf(server)}`);
}
