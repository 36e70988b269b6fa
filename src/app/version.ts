import { createRequire } from 'node:module';

/** The program's version, as package.json says it. */
export const version: string = createRequire(import.meta.url)('../../package.json').version;
