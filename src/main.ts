import { nearest } from '../contract/nearest.ts';
import { type Program, startProgram, surviveDefects, version } from './app/index.ts';
import { describeConfig, readConfig } from './config.ts';
import { createLog, explain, type Log, systemClock, type Timer } from './core/index.ts';

const HELP = `MiniVoice: a self-hosted programmable voice platform.

  npm start                  runs the server until SIGTERM or SIGINT
  npm start -- config        prints every setting: meaning, default, value in force
  npm start -- --help        prints this
  npm start -- --version     prints the version

Settings are environment variables; each has a default with which the server runs on a fresh machine.
Ctrl-C once: no new calls, running ones may end. Twice: hangs up on them, finishes what they leave and ends.
Three times: ends at once, and what is unfinished is finished at the next start.
`;

const COMMANDS: Record<string, () => void | Promise<void>> = {
  start: serve,
  config: () => void process.stdout.write(describeConfig(process.env)),
  help: () => void process.stdout.write(HELP),
  version: () => void process.stdout.write(`${version}\n`),
};
const FLAGS: Record<string, string> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
};

/** Does what the command line asks for; exit code 2 where it asks for what there is not. */
async function main([command = 'start', ...rest]: string[]): Promise<void> {
  if (rest.some((each) => FLAGS[each] === 'help')) return main(['help']);
  const known = Object.hasOwn(FLAGS, command) ? FLAGS[command]! : command;
  const unknown = Object.hasOwn(COMMANDS, known) ? rest[0] : command;
  if (unknown === undefined) return COMMANDS[known]!();
  const isOption = unknown.startsWith('-');
  const names = Object.keys(COMMANDS).filter((name) => !isOption || `--${name}` in FLAGS);
  const meant = nearest(unknown.replace(/^-+/, ''), names);
  const what = isOption ? 'option' : unknown === command ? 'command' : 'argument';
  const hint = meant ? `; did you mean ${isOption ? '--' : ''}${meant}?` : '.';
  process.stderr.write(`There is no ${what} ${JSON.stringify(unknown)}${hint}\n\n${HELP}`);
  process.exitCode = 2;
}

async function serve(): Promise<void> {
  const config = readConfig(process.env);
  forgetSettings();
  const log = createLog(config.logLevel);
  if (process.getuid?.() === 0) log.warn({}, 'running as root: a user of its own is safer');
  surviveDefects(log, systemClock);
  const program = await startProgram(config, log);
  stopOnSignals(program, config.drainSeconds, log);
  const token = program.adminTokenMade ? { admin_token: program.adminToken } : {};
  // Also for those who did not see the token: it is made by a start that fails later, too.
  const file = program.adminTokenFile ? { admin_token_file: program.adminTokenFile } : {};
  process.stdout.write(
    `${JSON.stringify({ msg: 'ready', http: program.http, sip: program.sip, ...token, ...file })}\n`,
  );
}

/**
 * Settings hold secrets: threads and processes that are started from here need none of them, and Node writes the
 * environment of each into its report of a crash.
 */
function forgetSettings(): void {
  for (const name of Object.keys(process.env))
    if (/^(MINIVOICE_|DATABASE_URL$)/.test(name)) delete process.env[name];
}

/** For what is left to be closed when the calls are over and the webhooks were given their time. */
const CLOSING_MS = 20_000;

/**
 * `npm start` forwards a signal that the terminal (Ctrl-C) or systemd has also sent to the server itself: the same
 * signal within this time is the same request. 0 where npm is not the parent.
 */
const DUPLICATE_SIGNAL_MS = process.env['npm_lifecycle_event'] === 'start' ? 500 : 0;

/** The first signal drains, the second hangs up at once, the third waits for nothing. */
function stopOnSignals(program: Program, drainSeconds: number, log: Log): void {
  const hasten = new AbortController();
  let deadline: Timer | undefined;
  const endWithin = (ms: number) => {
    deadline?.cancel();
    deadline = systemClock.after(ms, () => {
      log.error({}, 'could not stop in time: what is unfinished is finished at the next start');
      process.exit(1);
    });
  };
  const drain = async () => {
    endWithin(2 * drainSeconds * 1000 + CLOSING_MS);
    log.info({ drain_seconds: drainSeconds }, 'stopping: no new calls, running ones may end');
    await program.stop(drainSeconds * 1000, hasten.signal);
    deadline?.cancel();
    log.info({}, 'stopped');
    leave(0);
  };
  const hurry = () => {
    endWithin(CLOSING_MS);
    log.info({}, 'stopping at once: running calls are hung up on');
    hasten.abort();
  };
  const failed = (error: unknown) => {
    // What could not be closed would keep the process alive.
    log.error({ error: explain(error) }, 'could not stop cleanly');
    leave(1);
  };
  const steps = [() => void drain().catch(failed), hurry, () => process.exit(1)];
  for (const signal of ['SIGTERM', 'SIGINT']) {
    let receivedAt = Number.NEGATIVE_INFINITY;
    process.on(signal, () => {
      const now = systemClock.monotonic();
      if (now - receivedAt < DUPLICATE_SIGNAL_MS) return;
      receivedAt = now;
      steps.shift()?.();
    });
  }
}

/** Ends the process as soon as the log is written, or after a second, should nobody read it. */
function leave(code: number): void {
  process.stdout.write('', () => process.exit(code));
  systemClock.after(1000, () => process.exit(code));
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`MiniVoice could not start: ${explain(error)}\n`);
  process.exitCode = 1;
});
