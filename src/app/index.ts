/**
 * The roof: the only place that constructs drivers. It builds every room from the ground up, joins what one says
 * it needs to what another can do, and closes all of it in reverse.
 */
export { surviveDefects } from './defects.ts';
export { type Program, startProgram } from './program.ts';
export { version } from './version.ts';
