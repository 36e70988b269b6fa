// Installs what is missing. Runs on Node 20 and later before any package is there, so it uses only Node itself.
// Everything after it runs on node_modules/.bin/node: the machine's own Node if it is new enough, else a packaged one.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';

/** The oldest Node that runs TypeScript as it is written. */
const OLDEST_NODE = 24;
const NODE = 'node_modules/.bin/node';

const forTests = process.argv.includes('--tests');
const log = (text) => process.stderr.write(`${text}\n`);

/** Runs `npm ci` in `folder` unless its lockfile is installed already. @returns whether it ran. */
function install(folder, what, options = []) {
  const stamp = `${folder}/node_modules/.installed`;
  const lock = createHash('sha256')
    .update(readFileSync(`${folder}/package-lock.json`))
    .digest('hex');
  const wanted = [lock, ...options].join(' ');
  const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  // All packages include those that a run needs.
  if (installed === wanted || installed === lock) return false;
  log(`Installing ${what} …`);
  const started = performance.now();
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawnSync('npm', ['ci', ...quiet, ...options], { cwd: folder, stdio: ['ignore', 'ignore', 2] });
  if (npm.error) log(`Could not run npm: ${npm.error.message}. Install npm, and try again.`);
  if (npm.status !== 0) process.exit(npm.status ?? 1);
  writeFileSync(stamp, wanted);
  log(`Installed ${what} (${Math.round((performance.now() - started) / 1000)} s).`);
  return true;
}

/** Links the Node that everything runs on. */
function node() {
  const { stdout } = spawnSync(NODE, ['--version'], { encoding: 'utf8' });
  if (stdout && isNew(stdout.slice(1))) return;
  // An earlier version installed Node as a package: it runs this script, and npm has just removed it.
  const isUsable = isNew(process.versions.node) && existsSync(process.execPath);
  const program = isUsable ? process.execPath : packagedNode();
  mkdirSync('node_modules/.bin', { recursive: true });
  rmSync(NODE, { force: true });
  symlinkSync(program, NODE);
}

const isNew = (version) => Number.parseInt(version, 10) >= OLDEST_NODE;

function packagedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  const { optionalDependencies } = JSON.parse(readFileSync('runtime/package.json', 'utf8'));
  if (!optionalDependencies[name]) {
    log(`Node ${process.versions.node} is too old. Install Node ${OLDEST_NODE} or later, and try again.`);
    process.exit(1);
  }
  install('runtime', `Node ${optionalDependencies[name]}, because Node ${process.versions.node} is too old`);
  const program = `runtime/node_modules/${name}/bin/node`;
  if (!existsSync(program)) {
    log(`npm could not install ${name}. Remove runtime/node_modules, and try again.`);
    process.exit(1);
  }
  return `../../${program}`;
}

/** Loads the program once, which keeps its compiled code: the first start is as fast as any other. */
function compile() {
  const env = { ...process.env };
  env.NODE_COMPILE_CACHE ??= 'node_modules/.cache/compiled';
  spawnSync(NODE, ['src/main.ts', '--version'], { stdio: 'ignore', env });
}

/** Installs the SIP peers that the tests call. Without root, the tests that need them are skipped and say so. */
function peers() {
  const missing = [
    ['sipp', 'sip-tester'],
    ['baresip', 'baresip'],
  ]
    .filter(([command]) => spawnSync('which', [command]).status !== 0)
    .map(([, name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || spawnSync('which', ['apt-get']).status !== 0) {
    log(
      `Not installed: ${missing.join(', ')}. Tests that need them are skipped. Root can install them with apt-get.`,
    );
    return;
  }
  log(`Installing SIP peers for the tests: ${missing.join(', ')} …`);
  const options = {
    stdio: ['ignore', 'ignore', 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  execFileSync('apt-get', ['update', '-qq'], options);
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
}

const isNewlyInstalled = install(
  '.',
  'packages, which takes about half a minute',
  forTests ? [] : ['--omit=dev'],
);
node();
if (isNewlyInstalled) compile();
if (forTests) peers();
