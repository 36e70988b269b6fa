/**
 * The entry point. It loads the program with the compiled code that earlier starts have kept, since compiling takes
 * most of the time of a start. Node checks that the code belongs to the present content of each file.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

const COMPILED = join(import.meta.dirname, '../node_modules/.cache/compiled');

// Does nothing where the folder cannot be written, and where the environment sets another one.
enableCompileCache(COMPILED);
// Threads and child processes inherit it.
process.env['NODE_COMPILE_CACHE'] ??= COMPILED;

// Young generations do not grow while the program loads: each would keep up to 32 MB for objects that are not young.
// `serve` resets this to V8's default.
setFlagsFromString('--semi-space-growth-factor=1');

const { runCommandLine } = await import('./command-line.ts');
await runCommandLine(process.argv.slice(2));
