import type { ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sleep, systemClock } from '../../src/core/index.ts';
import { Inbox } from '../../tests/support/inbox.ts';
import { until } from '../../tests/support/until.ts';
import { beginPeer, freePort } from './peers.ts';
import { RecordedAudio, toneFile } from './recorded-audio.ts';

/** An event from baresip's control connection. */
interface BaresipEvent {
  type?: string;
  param?: string;
}

/** The credentials with which a phone registers. */
export interface Login {
  username: string;
  password: string;
  /** Host and port of the registrar. */
  at: string;
  transport?: 'udp' | 'tcp' | 'tls';
}

export interface BaresipOptions {
  hz?: number;
  codec?: string;
  /** Accepts only encrypted audio. */
  srtp?: boolean;
  login?: Login;
}

/** A baresip process as a phone, which sends a tone and records what it hears. */
export class Baresip {
  readonly events = new Inbox<BaresipEvent>(({ type, param }) => `${type} ${param ?? ''}`);
  #process: ChildProcess;
  #folder: string;
  #control: Socket;
  #keyboard: number;

  private constructor(process: ChildProcess, folder: string, control: Socket, keyboard: number) {
    this.#process = process;
    this.#folder = folder;
    this.#control = control;
    this.#keyboard = keyboard;
    control.on(
      'data',
      netstrings((text) => this.events.add(JSON.parse(text))),
    );
  }

  /**
   * @param hz the tone that it sends for ten seconds of each call
   * @param codec the only codec that it supports, such as `opus/48000/2`; default: both of G.711
   * @param login registers, and then accepts every call
   */
  static async start({ hz = 440, codec = '', srtp = false, login }: BaresipOptions = {}): Promise<Baresip> {
    const folder = await mkdtemp(join(tmpdir(), 'minivoice-baresip-'));
    const [control, keyboard] = [freePort(), freePort()];
    await Promise.all([
      writeFile(join(folder, 'config'), config(folder, codec, control, keyboard)),
      writeFile(join(folder, 'accounts'), account(codec, srtp, login)),
      writeFile(join(folder, 'contacts'), ''),
      writeFile(join(folder, 'talk.wav'), toneFile(hz, 10_000)),
    ]);
    const child = beginPeer('baresip', ['-f', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
    await ready(child);
    const socket = createConnection(control, '127.0.0.1');
    await once(socket, 'connect');
    return new Baresip(child, folder, socket, keyboard);
  }

  /** Calls; resolves when the call is answered. */
  async dial(uri: string): Promise<void> {
    this.#command('dial', uri);
    await this.next('CALL_ESTABLISHED');
  }

  /** Presses keys, 100 ms each with 100 ms between them. */
  async press(digits: string): Promise<void> {
    for (const key of [...digits].flatMap((digit) => [digit, KEY_RELEASED])) {
      const socket = createSocket('udp4');
      socket.send(key, this.#keyboard, '127.0.0.1', () => socket.close());
      await sleep(systemClock, 100);
    }
  }

  /** Holds the call, and resumes it. */
  hold(on: boolean): void {
    this.#command(on ? 'hold' : 'resume');
  }

  hangUp(): Promise<BaresipEvent> {
    this.#command('hangup');
    return this.next('CALL_CLOSED');
  }

  next(type: string): Promise<BaresipEvent> {
    return this.events.take((event) => event.type === type, type);
  }

  /** Resolves when it has received audio for this long. */
  async listens(ms: number): Promise<void> {
    const enough = async () => {
      const file = await this.#recording();
      return file !== undefined && (await stat(file)).size >= ms * 16;
    };
    await until(enough, `the phone has listened for ${ms} ms`);
  }

  /** Ends the phone. @returns what it heard in its call. */
  async heard(): Promise<RecordedAudio> {
    await this.#quit();
    const file = await this.#recording();
    if (!file) throw new Error('the phone heard nothing');
    return new RecordedAudio(await readFile(file));
  }

  /** The file with what it hears: 8 kHz, 16 bits. */
  async #recording(): Promise<string | undefined> {
    const name = (await readdir(this.#folder)).find((name) => name.endsWith('-dec.wav'));
    return name && join(this.#folder, name);
  }

  async close(): Promise<void> {
    await this.#quit();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #quit(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#command('quit');
    await gone;
    this.#control.destroy();
  }

  #command(command: string, params = ''): void {
    const text = JSON.stringify({ command, params, token: command });
    this.#control.write(`${text.length}:${text},`);
  }
}

/** The end of a key press, for baresip's console. */
const KEY_RELEASED = '\x04';

const codecs = (codec: string): string =>
  codec && `;audio_codecs=${codec.includes('/') ? codec : `${codec}/8000/1`}`;

function account(codec: string, srtp: boolean, login: Login | undefined): string {
  const sound = `${srtp ? ';mediaenc=srtp-mand' : ''}${codecs(codec)}`;
  if (!login) return `<sip:phone@127.0.0.1>;regint=0${sound}\n`;
  const { username, password, at, transport = 'udp' } = login;
  const uri = `<sip:${username}@${at};transport=${transport}>`;
  return `${uri};auth_user=${username};auth_pass=${password};regint=60;answermode=auto${sound}\n`;
}

const config = (folder: string, codec: string, control: number, keyboard: number) => `
sip_listen 127.0.0.1:0
audio_source aufile,${join(folder, 'talk.wav')}
audio_player aubridge,audio
audio_alert aubridge,alert
audio_buffer 20-160
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
snd_path ${folder}
statmode_default off
module_path /usr/lib/baresip/modules
module g711.so
${codec.startsWith('G722') ? 'module g722.so' : ''}
${codec.startsWith('opus') ? 'module opus.so' : ''}
module srtp.so
module sndfile.so
module aufile.so
module aubridge.so
module cons.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:${control}
cons_listen 127.0.0.1:${keyboard}
`;

async function ready(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      said.push(line);
      if (line.includes('baresip is ready')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`baresip ended with ${code}:\n${said.join('\n')}`)));
  });
}

/** Splits a stream into netstrings (https://cr.yp.to/proto/netstrings.txt). */
function netstrings(take: (text: string) => void): (piece: Buffer) => void {
  let rest = '';
  return (piece) => {
    rest += piece.toString();
    for (let at = rest.indexOf(':'); at > 0; at = rest.indexOf(':')) {
      const end = at + 1 + Number(rest.slice(0, at));
      if (rest.length <= end) return;
      take(rest.slice(at + 1, end));
      rest = rest.slice(end + 1);
    }
  };
}
