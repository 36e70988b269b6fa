import { describeConfig, readConfig } from './config.ts';
import { createLog, explain } from './kit/index.ts';
import { startProgram } from './program/index.ts';

const HELP = `MiniVoice: a self-hosted programmable voice platform.

  npm start                  runs the server until SIGTERM or SIGINT
  npm start -- config        prints every setting: meaning, default, value in force
  npm start -- --help        prints this

Settings are environment variables; each has a default with which the server runs on a fresh machine.
Ctrl-C once: no new calls, running ones may end. Twice: ends at once.
`;

/** What the command line asks for. */
async function main(command: string | undefined): Promise<void> {
  if (command === '--help' || command === '-h' || command === 'help') process.stdout.write(HELP);
  else if (command === 'config') process.stdout.write(describeConfig(process.env));
  else if (command === undefined || command === 'start') await serve();
  else {
    process.stderr.write(`There is no command ${JSON.stringify(command)}.\n\n${HELP}`);
    process.exitCode = 2;
  }
}

async function serve(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  if (process.getuid?.() === 0) log.warn({}, 'running as root: a user of its own is safer');
  const program = await startProgram(config, log);
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal, drain_seconds: config.drainSeconds }, 'stopping: no new calls, running ones may end');
    program.stop(config.drainSeconds * 1000).then(
      () => log.info({}, 'stopped'),
      (error) => {
        // What could not be closed would keep the process alive.
        log.error({ error: explain(error) }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const token = program.adminTokenMade ? { admin_token: program.adminToken } : {};
  process.stdout.write(
    `${JSON.stringify({ msg: 'ready', http: program.http, sip: program.sip, ...token })}\n`,
  );
}

main(process.argv[2]).catch((error) => {
  process.stderr.write(`MiniVoice could not start: ${explain(error)}\n`);
  process.exitCode = 1;
});
