// Installs what is missing, and only then. Runs on any Node from 20 on, before there are any packages, so it
// uses nothing but Node itself; everything after it runs on the Node that the packages bring.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';

const forTests = process.argv.includes('--tests');
const stamp = 'node_modules/.installed';
const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
const say = (text) => process.stderr.write(`${text}\n`);

/** Packages are as package-lock.json says, or are installed anew: all of them for tests, else what runs needs. */
function packages() {
  const there = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (there === `${lock} all` || (there === `${lock} run` && !forTests)) return;
  say(`Installing packages, once: about half a minute …`);
  const started = performance.now();
  const options = ['--no-audit', '--no-fund', '--loglevel=error', ...(forTests ? [] : ['--omit=dev'])];
  const npm = spawnSync('npm', ['ci', ...options], { stdio: ['ignore', 2, 2] });
  if (npm.status !== 0) process.exit(npm.status ?? 1);
  writeFileSync(stamp, `${lock} ${forTests ? 'all' : 'run'}`);
  say(`Packages are installed (${Math.round((performance.now() - started) / 1000)} s).`);
}

/** The Node that everything runs on: from a locked package, or where none is for this platform, the one that runs this. */
function node() {
  const path = 'node_modules/.bin/node';
  if (existsSync(path)) return;
  const wanted = `node-${process.platform}-${process.arch}`;
  const { version } =
    JSON.parse(readFileSync('package-lock.json', 'utf8')).packages[`node_modules/${wanted}`] ?? {};
  if (version) {
    say(`npm could not install ${wanted} ${version}: remove node_modules and try again.`);
    process.exit(1);
  }
  if (Number.parseInt(process.versions.node, 10) < 24) {
    say(
      `No package brings Node to ${process.platform} ${process.arch}: install Node 24 or later and try again.`,
    );
    process.exit(1);
  }
  rmSync(path, { force: true });
  symlinkSync(process.execPath, path);
}

/** SIP peers that we did not write, which the tests call. Without root the tests that need them say so. */
function peers() {
  const wanted = [
    ['sipp', 'sip-tester'],
    ['baresip', 'baresip'],
  ];
  const missing = wanted
    .filter(([command]) => spawnSync('which', [command]).status !== 0)
    .map(([, name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || spawnSync('which', ['apt-get']).status !== 0) {
    say(
      `Not installed, and not installable from here: ${missing.join(', ')}. Tests that call them are skipped.`,
    );
    return;
  }
  say(`Installing SIP peers for the tests: ${missing.join(', ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { stdio: ['ignore', 'ignore', 2], env };
  execFileSync('apt-get', ['update', '-qq'], options);
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
}

packages();
node();
if (forTests) peers();
