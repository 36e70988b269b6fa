import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type ModelName = 'base' | 'tiny';

/** Paths of the files that the recognizer loads. */
export interface ModelFiles {
  encoder: string;
  decoder: string;
  /** The vocabulary in the format of sherpa-onnx. */
  tokens: string;
  /** Silero's voice activity detector. */
  vad: string;
}

/** Expected hashes: a truncated or altered file would crash native code or invent words. */
const SHA256 = {
  'base/encoder_model.onnx': '1dd9ab0a7f987113d30affcba5a068d11c8f90fa0223caa3e491ade431ad9751',
  'base/decoder_model_merged.onnx': 'cc9f3cd6698a369c6008b41aa60aa3fb3322e7f03c9bdf19d8e6b7200afca4f3',
  'tiny/encoder_model.onnx': 'c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a',
  'tiny/decoder_model_merged.onnx': 'eed87831c3a6103534aae7d47a5d485025c659a1323901513961c39fe8a1a367',
  'silero_vad_v6.onnx': '1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3',
} as const;

/** Entries of Moonshine's vocabulary, which is that of Llama 2. */
const VOCABULARY = 32_768;

/**
 * Finds the files of a model in the installed packages and verifies them.
 * @param folder for the vocabulary, which is written once; created if missing.
 */
export async function findModel(name: ModelName, folder: string): Promise<ModelFiles> {
  const moonshine = join(packageFolder('moonshine-models'), 'dist/model', name, 'quantized');
  const [encoder, decoder, vad, tokens] = await Promise.all([
    checkFile(join(moonshine, 'encoder_model.onnx'), `${name}/encoder_model.onnx`),
    checkFile(join(moonshine, 'decoder_model_merged.onnx'), `${name}/decoder_model_merged.onnx`),
    checkFile(join(packageFolder('silero-vad-models'), 'dist/silero_vad_v6.onnx'), 'silero_vad_v6.onnx'),
    vocabulary(folder),
  ]);
  return { encoder, decoder, vad, tokens };
}

/** Finds the folder of an installed package whose `exports` hide its files. */
function packageFolder(name: string): string {
  const places = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const folder = places.map((modules) => join(modules, name)).find((path) => existsSync(path));
  if (!folder) throw new Error(`the package ${name} is not installed`);
  return folder;
}

/** Verifies the SHA-256 of a file. @returns the path. Rejects when the file is a different one. */
export async function checkFile(path: string, name: keyof typeof SHA256): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  const found = hash.digest('hex');
  if (found !== SHA256[name]) throw new Error(`${path} is not the expected file: its sha256 is ${found}`);
  return path;
}

/** Writes a draft first and renames it, so that two starting processes never read half a file. */
async function vocabulary(folder: string): Promise<string> {
  const path = join(folder, 'moonshine-tokens.txt');
  const exists = await stat(path).catch(() => undefined);
  if (exists) return path;
  const { default: tokenizer } = await import('llama-tokenizer-js');
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, vocabularyText(tokenizer.vocabById));
  await rename(draft, path);
  return path;
}

/** One line per id: the token in base64, a space, the id. */
function vocabularyText(pieces: string[]): string {
  const lines = Array.from({ length: VOCABULARY }, (_, id) => {
    const piece = pieces[id] ?? `<extra_${id}>`;
    const byte = /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1];
    const bytes = byte === undefined ? Buffer.from(piece) : Buffer.from([Number.parseInt(byte, 16)]);
    return `${bytes.toString('base64')} ${id}\n`;
  });
  return lines.join('');
}
