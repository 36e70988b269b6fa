/**
 * `npm run bench:compare`: measures two commits in turn, and fails if the second one is worse.
 *
 * The benches of this checkout drive both servers from outside, by process, SIP, and REST. So a commit can be measured
 * that is older than a bench.
 */
import { type ChildProcess, execFileSync, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { benches } from './benches.ts';
import { comparison, inTurn, worse } from './comparison.ts';
import { count, optionsFor, parseCommandLine } from './options.ts';
import type { Row, Series } from './row.ts';

const HELP = `Measures two commits in turn, and prints the median, range, and ratio of each row.

  npm run bench:compare -- BASE [HEAD] [options]

  BASE, HEAD              commits; HEAD defaults to HEAD, and . is this folder as it is now
  --bench NAME,…          what to measure (default: calls,setup,idle)
  --runs N                how often each of the two is measured (default: 5)
  --threshold N           percent by which the median of a row may be worse (default: 10)
  --minutes N             gives up after this time (default: 60)

Options of the benches are passed on, such as --calls 50,200; npm run bench -- calls --help lists them.
The exit code is 1 if a row is worse by more than the threshold, and worse than in every run of BASE; it is 2 if
something failed. With fewer than 3 runs, there is no verdict: the exit code is 0.
`;

const GENERAL = {
  help: { type: 'boolean', short: 'h', default: false },
  bench: { type: 'string', default: 'calls,setup,idle' },
  runs: { type: 'string', default: '5' },
  threshold: { type: 'string', default: '10' },
  minutes: { type: 'string', default: '60' },
} as const;

/** A verdict on fewer runs would be chance. */
const VERDICT_RUNS = 3;

const root = resolve(import.meta.dirname, '..');
const log = (line: string) => process.stderr.write(`${line}\n`);
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

function readCommandLine() {
  const { names, given, own } = parseCommandLine(process.argv.slice(2), GENERAL);
  if (own.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const [base, head = 'HEAD', ...more] = names;
  if (!base || more.length > 0) throw new Error('name one or two commits; --help explains the options');
  const chosen = own.bench.split(',');
  const unfit = chosen.find((name) => !benches[name] || !('directory' in benches[name].options));
  if (unfit) throw new Error(`${unfit} is no bench that starts a server`);
  for (const name of chosen) optionsFor(benches[name]!.options, given);
  for (const commit of [base, head]) if (commit !== '.') commitOf(commit);
  const threshold = count(own.threshold) / 100;
  return { base, head, chosen, given, runs: count(own.runs), threshold, minutes: count(own.minutes) };
}

/** The short hash of a commit. @throws if there is none of this name. */
function commitOf(name: string): string {
  const args = ['rev-parse', '--short', '--verify', '--quiet', `${name}^{commit}`];
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`there is no commit ${name}`);
  return stdout.trim();
}

/** The checkouts and data folders of a comparison, which are removed at the end. */
class Workspace {
  readonly #folder = mkdtempSync(join(tmpdir(), 'minivoice-compare-'));
  readonly #checkouts: string[] = [];
  #bench: ChildProcess | undefined;
  #isStopped = false;

  /** Checks out a commit with its packages. @returns the folder */
  checkout(commit: string): string {
    if (commit === '.') return root;
    const folder = join(this.#folder, commitOf(commit));
    if (this.#checkouts.includes(folder)) return folder;
    log(`checking out ${commit} …`);
    this.#checkouts.push(folder);
    git('worktree', 'add', '--quiet', '--detach', folder, commit);
    for (const part of ['.', 'runtime']) linkPackages(part, folder);
    // Installs what could not be linked.
    const stdio: StdioOptions = ['ignore', 2, 2];
    const { status } = spawnSync(process.execPath, ['scripts/ensure.mjs'], { cwd: folder, stdio });
    if (status !== 0) throw new Error(`could not install the packages of ${commit}`);
    return folder;
  }

  /** Runs a bench once, in a process of its own. */
  async run(name: string, directory: string, options: string[], timeout: number): Promise<Row[]> {
    if (this.#isStopped) throw new Error('stopped');
    const args = [join(root, 'bench/main.ts'), name, '--json', '--directory', directory, ...options];
    const env = { ...process.env, TMPDIR: this.#folder };
    // Ctrl-C in a terminal reaches only this process, which ends the bench in order.
    const stdio: StdioOptions = ['ignore', 'pipe', 'inherit'];
    const bench = spawn(process.execPath, args, { cwd: root, env, timeout, detached: true, stdio });
    this.#bench = bench;
    const output = await text(bench.stdout!);
    if (this.#isStopped) throw new Error('stopped');
    if (output === '') throw new Error(`${name} has failed, or has run out of time, in ${directory}`);
    return (JSON.parse(output) as Series[]).map(({ values, ...row }) => ({ ...row, value: values[0]! }));
  }

  stop(): void {
    this.#isStopped = true;
    this.#bench?.kill();
  }

  remove(): void {
    for (const folder of this.#checkouts)
      spawnSync('git', ['worktree', 'remove', '--force', folder], { cwd: root });
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Links the packages of this checkout if the other one needs the same, which is faster than installing them. */
function linkPackages(part: string, folder: string): void {
  const lock = (of: string) => join(of, part, 'package-lock.json');
  const from = join(root, part, 'node_modules');
  const to = join(folder, part, 'node_modules');
  if (!existsSync(from) || !existsSync(lock(folder))) return;
  if (!readFileSync(lock(root)).equals(readFileSync(lock(folder)))) return;
  mkdirSync(dirname(to), { recursive: true });
  // Hard links need the same file system.
  if (spawnSync('cp', ['-al', from, to]).status !== 0) rmSync(to, { recursive: true, force: true });
}

interface Plan extends ReturnType<typeof readCommandLine> {
  workspace: Workspace;
}

/** @returns the rows that are worse. */
async function compare({ workspace, base, head, chosen, given, runs, threshold, minutes }: Plan) {
  const ends = performance.now() + minutes * 60_000;
  const folders = [workspace.checkout(base), workspace.checkout(head)] as const;
  const options = Object.entries(given).map(([name, value]) =>
    value === 'true' ? `--${name}` : `--${name}=${value}`,
  );
  const hasVerdict = runs >= VERDICT_RUNS;
  const failed: string[] = [];
  for (const name of chosen) {
    const side = (at: 0 | 1) => () => {
      log(`${name} of ${at === 0 ? base : head}`);
      return workspace.run(name, folders[at], options, Math.max(1, Math.ceil(ends - performance.now())));
    };
    const [bases, heads] = await inTurn(runs, [side(0), side(1)]);
    console.log(`${comparison([base, head], [bases, heads], hasVerdict ? threshold : undefined)}\n`);
    if (hasVerdict) failed.push(...worse(bases, heads, threshold));
  }
  if (!hasVerdict) log(`this is no verdict, which needs at least ${VERDICT_RUNS} runs`);
  return failed;
}

async function main(): Promise<number> {
  const line = readCommandLine();
  const workspace = new Workspace();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => workspace.stop());
  try {
    const failed = await compare({ workspace, ...line });
    for (const row of failed) log(`worse by more than ${100 * line.threshold} %: ${row}`);
    return failed.length === 0 ? 0 : 1;
  } finally {
    workspace.remove();
  }
}

process.exitCode = await main().catch((error: Error) => {
  log(error.message);
  return 2;
});
