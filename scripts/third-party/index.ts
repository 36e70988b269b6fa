import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { conditions } from './conditions.ts';
import { licenseTexts, type Package } from './license-texts.ts';

interface Locked {
  name?: string;
  version: string;
  license?: string;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
}

const root = resolve(import.meta.dirname, '../..');

/** Every package of both lockfiles, by name and version. */
export function lockedPackages(): Package[] {
  return ['package-lock.json', 'runtime/package-lock.json']
    .flatMap((file) => Object.entries<Locked>(JSON.parse(readFileSync(join(root, file), 'utf8')).packages))
    .filter(([path]) => path !== '')
    .map(([path, { name, version, license, dev, os, cpu }]) => ({
      name: name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      ...{ version, license: license ?? 'UNKNOWN', path, dev: dev === true },
      platform: os !== undefined || cpu !== undefined,
    }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The text of THIRD_PARTY.md. Packages of the lock must be installed: their license texts are read. */
export function thirdParty(): string {
  const packages = lockedPackages();
  const shipped = packages.filter(({ dev }) => !dev);
  return `${[
    HEAD,
    '## Conditions to know',
    ...conditions.map(
      ({ packages, text }) => `- ${packages.map((each) => `\`${each}\``).join(', ')}: ${text}`,
    ),
    '## Packages that the server runs with',
    table(shipped),
    '## Packages for tests and checks only',
    table(packages.filter(({ dev }) => dev)),
    '## License texts',
    TEXTS,
    ...licenseTexts(
      root,
      shipped.filter(({ platform }) => !platform),
    ),
  ].join('\n\n')}\n`;
}

const HEAD = `# Third-party packages

Generated from the lockfiles and the installed packages by \`npm run docs\`. The repository contains none of these
packages: npm installs them, with the license files that they bring. Anyone who distributes MiniVoice together with its
packages, as an image for instance, also distributes those packages, and has to pass on this file and those license files.`;

const TEXTS = `Equal texts are printed once, with the copyright lines of all packages to which they apply. A package for one platform has
the license of the package that depends on it.`;

function table(packages: Package[]): string {
  const rows = packages.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`);
  return ['| package | version | license |', '|---|---|---|', ...new Set(rows)].join('\n');
}
