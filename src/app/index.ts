/**
 * The composition root: opens all modules, connects them, and closes them in reverse order. It is the only module that
 * constructs drivers, all of them from a `Platform`.
 */
export { surviveDefects } from './defects.ts';
export { createLog, prettyLine } from './log.ts';
export { type Platform, systemPlatform, version } from './platform.ts';
export { type App, startApp } from './start-app.ts';
